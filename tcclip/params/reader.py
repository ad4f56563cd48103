"""The one reader of params/: YAML in, validated objects out; errors name the file, the key and what is allowed."""

from __future__ import annotations

import dataclasses
import difflib
import functools
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from tcclip.errors import UserError, unknown
from tcclip.params.kinds.axes import AXES


class Params(BaseModel):
    """Base of every section: unknown keys are refused, values cannot change after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # written in C where PyYAML has it: ten times as fast
Section = TypeVar("Section", bound=Params)


def params_folder() -> Path:
    """The folder of all params: `$TCCLIP_PARAMS`, or `params/` of the working directory or of this checkout."""
    if "TCCLIP_PARAMS" in os.environ:
        return Path(os.environ["TCCLIP_PARAMS"])
    here = Path("params")
    return here if here.is_dir() else Path(__file__).parents[2] / "params"


def names(kind: str) -> list[str]:
    """The names that exist in params/<kind>/, for example all methods; files that start with _ are only bases."""
    return sorted(path.stem for path in (params_folder() / kind).glob("[!_]*.yaml"))


def path_of(kind: str, name: str) -> Path:
    """The file of one name; an unknown name is an error with the nearest known one."""
    path = params_folder() / kind / f"{name}.yaml"
    if not path.is_file():
        raise unknown(kind.rstrip("s"), name, names(kind))
    return path


def read_yaml(path: Path) -> dict[str, Any]:
    """A YAML mapping; anything else in the file is an error that names the file."""
    stat = path.stat()
    copied: dict[str, Any] = _copied(_parsed(path, path.absolute(), (stat.st_mtime_ns, stat.st_size)))
    return copied


def _copied(value: Any) -> Any:
    """Mappings and lists anew; copy.deepcopy takes three times as long for what YAML knows."""
    if isinstance(value, dict):
        return {key: _copied(part) for key, part in value.items()}
    return [_copied(part) for part in value] if isinstance(value, list) else value


@functools.cache
def _parsed(path: Path, place: Path, version: tuple[int, int]) -> dict[str, Any]:
    """The file at `place`, called `path` in errors; parsed once, because hundreds of runs share a few methods."""
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), LOADER)
    except yaml.YAMLError as error:
        raise UserError(f"{path} is not valid YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict):
        raise UserError(f"{path} must hold a mapping of keys to values")
    return content


def validate(content: dict[str, Any], section: type[Section], where: Path | str) -> Section:
    """Check `content` against `section`; report the first problem as one sentence."""
    try:
        return section.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = _without_tags(first["loc"])
        key = ".".join(str(part) for part in place)
        if first["type"] in ("extra_forbidden", "unexpected_keyword_argument"):  # of a model, of a dataclass
            hint = nearest(str(place[-1]), keys_at(section, first["loc"][:-1]))
            raise UserError(f"{where}: unknown key '{key}': {hint}") from error
        if first["type"] == "union_tag_invalid":
            kind, kinds = first["ctx"]["tag"], first["ctx"]["expected_tags"].replace("'", "").split(", ")
            raise UserError(f"{where}: unknown kind '{kind}' of {key}: {nearest(kind, kinds)}") from error
        if first["type"] == "below":
            raise UserError(f"{where}: {key}.{first['ctx']['below']}: {first['ctx']['message']}") from error
        message = first["msg"].removeprefix("Value error, ")
        whole = first["type"] == "missing" or not key or isinstance(first["input"], dict)  # the message says what
        got = "" if whole else f" (got {first['input']!r})"
        raise UserError(f"{where}: {key or 'file'}: {message[0].lower()}{message[1:]}{got}") from error


def nearest(word: str, allowed: list[str]) -> str:
    """A hint for a word that is none of the `allowed` ones."""
    close = difflib.get_close_matches(word, allowed, n=1, cutoff=0.4)
    return f"did you mean '{close[0]}'?" if close else "allowed: " + ", ".join(allowed)


def _without_tags(location: tuple[int | str, ...]) -> tuple[int | str, ...]:
    """A key's place in a file: pydantic puts the kind behind an axis of several kinds, a class behind `train`."""
    return tuple(part for place, part in enumerate(location) if place == 0 or not _has_tag(location[place - 1]))


def _has_tag(key: int | str) -> bool:
    from tcclip.params.kinds.axis import kinds_of  # whose classes are sections, as they are defined here

    return key == "train" or (key in AXES and len(kinds_of(str(key))) > 1)


def merge(base: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """`base` with the leaves of `change` put over it; sections are merged, everything else is replaced."""
    merged = dict(base)
    for key, value in change.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = merge(merged[key], value) if both else value
    return merged


def undotted(overrides: dict[str, Any]) -> dict[str, Any]:
    """{"tc.alpha": 0.4} -> {"tc": {"alpha": 0.4}}."""
    nested: dict[str, Any] = {}
    for dotted, value in overrides.items():
        *sections, leaf = dotted.split(".")
        branch: dict[str, Any] = {leaf: value}
        for name in reversed(sections):
            branch = {name: branch}
        nested = merge(nested, branch)
    return nested


def flat(nested: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """{"tc": {"k": 96}} -> {"tc.k": 96}."""
    items: dict[str, Any] = {}
    for key, value in nested.items():
        if isinstance(value, dict) and value:
            items |= flat(value, f"{prefix}{key}.")
        else:
            items[f"{prefix}{key}"] = value
    return items


def keys_at(section: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    """The allowed keys of the (nested) section or dataclass at `location`."""
    for place, part in enumerate(location):
        if part not in section.model_fields:
            continue
        tag = location[place + 1] if place + 1 < len(location) else None
        nested = _sections_in(section.model_fields[str(part)].annotation)
        if nested and dataclasses.is_dataclass(nested[0]):
            return [field.name for field in dataclasses.fields(nested[0])]
        if nested:
            section = next((kind for kind in nested if _tag(kind) == tag), nested[0])
    beside: list[str] = getattr(section, "keys_beside", list)()
    return [*(field.alias or name for name, field in section.model_fields.items()), *beside]


def _sections_in(annotation: Any) -> list[Any]:
    """The section classes and dataclasses in a field's type, which may be a union."""
    if isinstance(annotation, type) and (dataclasses.is_dataclass(annotation) or issubclass(annotation, BaseModel)):
        return [annotation]
    return [section for part in get_args(annotation) for section in _sections_in(part)]


def _tag(section: type[BaseModel]) -> Any:
    field = section.model_fields.get("kind")
    return field.default if field else None
