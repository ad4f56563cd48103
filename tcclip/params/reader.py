"""The one reader of params/: YAML in, validated objects out; errors name the file, the key and what is allowed."""

from __future__ import annotations

import difflib
import functools
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from tcclip.errors import UserError, unknown
from tcclip.params.error_place import key_at, keys_at
from tcclip.params.yaml_text import value_of

UNKNOWN = ("extra_forbidden", "unexpected_keyword_argument")  # a key of a model, of a dataclass


class Params(BaseModel):
    """Base of every section: unknown keys and infinite numbers are refused, values cannot change after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True, allow_inf_nan=False)


NAME = re.compile(r"\w[\w.-]*")  # no shell, no Snakemake and no run's name takes it apart
Section = TypeVar("Section", bound=Params)


def params_folder() -> Path:
    """The folder of all params: `$TCCLIP_PARAMS`, or `params/` of the working directory or of this checkout."""
    if "TCCLIP_PARAMS" in os.environ:
        return Path(os.environ["TCCLIP_PARAMS"])
    here = Path("params")
    return here if here.is_dir() else Path(__file__).parents[2] / "params"


def versions(kind: str = "") -> object:
    """Which files are in params/, or in params/<kind>/, and since when; equal as long as nothing there has changed."""
    folder = params_folder().absolute() / kind
    return folder, tuple(sorted(_states(str(folder)))) if folder.is_dir() else ()


def _states(folder: str) -> Iterator[tuple[str, int, int]]:
    """Path, time and size of the YAML files below a folder: asked by every job, and a tenth of what `rglob` takes.

    What begins with a dot is none of ours: an editor's lock (a link to nowhere), a system's shadow of a file.
    """
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from _states(entry.path)
            elif entry.name.endswith(".yaml"):
                stat = entry.stat()
                yield entry.path, stat.st_mtime_ns, stat.st_size


def names(kind: str) -> list[str]:
    """The names that exist in params/<kind>/, for example all methods; files that start with _ are only bases."""
    try:
        with os.scandir(params_folder() / kind) as entries:
            files = [entry.name for entry in entries if entry.name.endswith(".yaml")]
    except FileNotFoundError:
        return []
    return sorted(file.removesuffix(".yaml") for file in files if file[0] not in "_.")


def path_of(kind: str, name: str) -> Path:
    """The file of one name; an unknown name is an error with the nearest known one."""
    path = params_folder() / kind / f"{name}.yaml"
    if Path(name).name != name or not path.is_file():
        raise unknown(kind.rstrip("s"), name, names(kind))
    return path


def usable(path: Path) -> Path:
    """The file of something that is used, whose name then stands in commands and in the names of files."""
    if not NAME.fullmatch(path.stem):
        raise UserError(f"{path}: '{path.stem}' cannot be a name: letters, digits, '.', '_' and '-' are allowed")
    return path


def version_of(path: Path) -> tuple[str, int, int]:
    """A file, and since when it is what it is: what has been made of it is right as long as this is the same."""
    stat = path.stat()
    return str(path.absolute()), stat.st_mtime_ns, stat.st_size


def read_yaml(path: Path) -> dict[str, Any]:
    """A YAML mapping; anything else in the file is an error that names the file."""
    copied: dict[str, Any] = _copied(_parsed(path, version_of(path)))
    return copied


def _copied(value: Any) -> Any:
    """Mappings and lists anew; copy.deepcopy takes three times as long for what YAML knows."""
    if isinstance(value, dict):
        return {key: _copied(part) for key, part in value.items()}
    return [_copied(part) for part in value] if isinstance(value, list) else value


@functools.cache
def _parsed(path: Path, version: tuple[str, int, int]) -> dict[str, Any]:
    """The file of this version, called `path` in errors; parsed once, because hundreds of runs share a few methods."""
    try:
        content = value_of(path.read_text(encoding="utf-8"), path)
    except yaml.YAMLError as error:
        raise UserError(f"{path} is not valid YAML: {' '.join(str(error).split())}") from error
    except UnicodeDecodeError as error:
        raise UserError(
            f"{path} is not in UTF-8 (byte {error.start}, {error.reason}): save it in this encoding"
        ) from error
    if not isinstance(content, dict):
        raise UserError(f"{path} must hold a mapping of keys to values")
    return content


def validate(content: dict[str, Any], section: type[Section], where: Path | str) -> Section:
    """Check `content` against `section`; report the first problem as one sentence."""
    try:
        found = section.model_validate(content)
        _refuse_switches(where, content, found)
        return found
    except ValidationError as error:
        first = _telling(error.errors())
        key = key_at(section, first["loc"])
        if first["type"] in UNKNOWN:
            hint = nearest(str(first["loc"][-1]), keys_at(section, first["loc"]))
            raise UserError(f"{where}: unknown key '{key}': {hint}") from error
        if first["type"] == "union_tag_invalid":
            kind, kinds = first["ctx"]["tag"], first["ctx"]["expected_tags"].replace("'", "").split(", ")
            raise UserError(f"{where}: unknown kind '{kind}' of {key}: {nearest(kind, kinds)}") from error
        if first["type"] == "below":
            raise UserError(f"{where}: {key}.{first['ctx']['below']}: {first['ctx']['message']}") from error
        message = first["msg"].removeprefix("Value error, ")
        whole = first["type"] == "missing" or not key or isinstance(first["input"], dict)  # the message says what
        got = "" if whole else f" (got {first['input']!r})"
        place = f"{where}: {key}" if key else str(where)
        raise UserError(f"{place}: {message[0].lower()}{message[1:]}{got}") from error


def read_file(name: str, section: type[Section]) -> Section:
    """What params/<name>.yaml holds."""
    path = params_folder() / f"{name}.yaml"
    return validate(read_yaml(path), section, path)


def read_named(kind: str, name: str, section: type[Section]) -> Section:
    """What a file of params/<kind>/ holds, with its name."""
    path = path_of(kind, name)
    return validate({**read_yaml(path), "name": name}, section, path)


def _refuse_switches(where: Path | str, content: Any, found: Any, key: str = "") -> None:
    """A switch where a number is wanted: pydantic takes `true`, and YAML's `yes` and `on`, for 1."""
    if isinstance(content, dict):
        for name, value in content.items():
            inner = found.get(name) if isinstance(found, dict) else getattr(found, str(name), None)
            _refuse_switches(where, value, inner, f"{key}.{name}" if key else str(name))
    elif isinstance(content, list) and isinstance(found, list | tuple) and len(content) == len(found):
        for number, parts in enumerate(zip(content, found, strict=True)):
            _refuse_switches(where, *parts, f"{key}.{number}")
    elif isinstance(content, bool) and isinstance(found, int | float) and not isinstance(found, bool):
        raise UserError(f"{where}: {key}: input should be a number (got {str(content).lower()})")


def nearest(word: str, allowed: list[str]) -> str:
    """A hint for a word that is none of the `allowed` ones."""
    close = difflib.get_close_matches(word, allowed, n=1, cutoff=0.4)
    return f"did you mean '{close[0]}'?" if close else "allowed: " + ", ".join(allowed)


def _telling(errors: list[ErrorDetails]) -> ErrorDetails:
    """The first error; of a key that is missing because it is misspelt, the misspelt one."""
    first = errors[0]
    beside = (e for e in errors if e["type"] in UNKNOWN and e["loc"][:-1] == first["loc"][:-1])
    return next(beside, first) if first["type"] == "missing" else first


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
