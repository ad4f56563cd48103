"""The one reader of params/: YAML in, validated objects out; errors name the file, the key and what is allowed."""

from __future__ import annotations

import copy
import dataclasses
import difflib
import functools
import os
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from tcclip.errors import UserError, unknown


class Params(BaseModel):
    """Base of every section: unknown keys are refused, values cannot change after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


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
    return copy.deepcopy(_parsed(path, path.absolute(), (stat.st_mtime_ns, stat.st_size)))


@functools.cache
def _parsed(path: Path, place: Path, version: tuple[int, int]) -> dict[str, Any]:
    """The file at `place`, called `path` in errors; parsed once, because hundreds of runs share a few methods."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
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
        key = ".".join(str(part) for part in first["loc"])
        if first["type"] in ("extra_forbidden", "unexpected_keyword_argument"):  # of a model, of a dataclass
            allowed = _keys_at(section, first["loc"][:-1])
            close = difflib.get_close_matches(str(first["loc"][-1]), allowed, n=1, cutoff=0.4)
            hint = f"did you mean '{close[0]}'?" if close else "allowed: " + ", ".join(allowed)
            raise UserError(f"{where}: unknown key '{key}': {hint}") from error
        message = first["msg"].removeprefix("Value error, ")
        whole = first["type"] == "missing" or not key or isinstance(first["input"], dict)  # the message says what
        got = "" if whole else f" (got {first['input']!r})"
        raise UserError(f"{where}: {key or 'file'}: {message[0].lower()}{message[1:]}{got}") from error


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


def _keys_at(section: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    """The allowed keys of the (nested) section or dataclass at `location`."""
    for part in location:
        if part not in section.model_fields:
            continue
        annotation = section.model_fields[str(part)].annotation
        candidates = [annotation, *get_args(annotation)]
        for nested in (c for c in candidates if isinstance(c, type)):
            if dataclasses.is_dataclass(nested):
                return [field.name for field in dataclasses.fields(nested)]
            if issubclass(nested, BaseModel):
                section = nested
                break
    return list(section.model_fields)
