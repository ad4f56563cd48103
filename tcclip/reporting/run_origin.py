"""Where a run comes from, as its folder tells it."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tcclip.errors import UserError
from tcclip.params import load_method, load_protocol
from tcclip.params.method import base_of
from tcclip.params.reader import flat, path_of, versions
from tcclip.params.variants import place_of
from tcclip.params.yaml_text import LOADER
from tcclip.plan import layout
from tcclip.plan.run_results import evaluations_of
from tcclip.process.files import SHORT, read_json, sha256

OUTSIDE = ("name", "display", "description")  # words for people
SHARED = re.compile(r"^(?:method|protocol):\n(?:(?: .*)?\n| .*\Z)+", re.MULTILINE)  # sections that many runs have alike


@dataclass(frozen=True)
class ChangedValue:
    """A value of a run's params that is not the default, and where that stands."""

    key: str
    value: Any
    default: Any
    where: str


def params_of(folder: Path) -> dict[str, Any]:
    """A run's resolved params; nothing for a run without a training."""
    path = folder / "params.yaml"
    if not path.is_file():
        return {}
    text = path.read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.load(SHARED.sub("", text), LOADER) or {}
    for section in SHARED.findall(text):
        found |= _section(section)
    return found


@functools.cache
def _section(text: str) -> dict[str, Any]:
    """A section of params.yaml; reading it takes longer than all else that is said of a run."""
    found: dict[str, Any] = yaml.load(text, LOADER)
    return found


def environment_of(folder: Path) -> dict[str, Any]:
    """What a run was made on and with; nothing if it says nothing."""
    path = folder / "environment.json"
    return read_json(path) if path.is_file() else {}


def continued(folder: Path) -> list[dict[str, Any]]:
    """Where a run's training went on under other code than it was begun with: epoch, step and the code before."""
    path = folder / "training.json"
    found: list[dict[str, Any]] = read_json(path).get("continued", []) if path.is_file() else []
    return found


def evaluated(folder: Path, evaluation: str) -> dict[str, Any]:
    """The numbers of an evaluation of a run, with what made it as `made_by`; nothing if it is not there."""
    found: dict[str, Any] = evaluations_of(folder).get(evaluation, {})
    return found


def differences(values: Mapping[str, Any], defaults: Mapping[str, Any], where: str) -> list[ChangedValue]:
    """The leaves of nested `values` that are not those of `defaults`; what only one side has counts as None there."""
    mine, theirs = flat(dict(values)), flat(dict(defaults))
    keys = [key for key in (*mine, *(key for key in theirs if key not in mine)) if key not in OUTSIDE]
    return [ChangedValue(k, mine.get(k), theirs.get(k), where) for k in keys if mine.get(k) != theirs.get(k)]


def not_default(params: Mapping[str, Any]) -> list[ChangedValue]:
    """Values of a trained run that its method, that method's base, or its protocol's file says otherwise."""
    return list(_not_default(json.dumps([params.get("method"), params.get("protocol")]), versions()))


@functools.cache
def _not_default(sections: str, version: object) -> list[ChangedValue]:
    """Of a method and a protocol as JSON, which many runs share as long as no file of params/ changes."""
    found: list[ChangedValue] = []
    method, protocol = json.loads(sections)
    if method:
        name = str(method["name"])
        own, base = _method(name, version), base_of(name)
        if not base.startswith("_"):
            found += differences(own, _method(base, version), place_of(base))
        found += differences(method, own, place_of(name))
    if protocol:
        path = path_of("protocols", protocol["name"])
        found += differences(protocol, _protocol(protocol["name"], version), str(path))
    return found


@functools.cache
def _method(name: str, version: object) -> dict[str, Any]:
    """A method's values."""
    return load_method(name).model_dump(mode="json")


@functools.cache
def _protocol(name: str, version: object) -> dict[str, Any]:
    return load_protocol(name).model_dump(mode="json")


def defaults_or_nothing(params: Mapping[str, Any]) -> list[ChangedValue] | None:
    """`not_default`, or None where the files of the run's method or protocol are gone or do not hold today."""
    try:
        return not_default(params)
    except UserError:
        return None


def hashes(files: Iterable[Path]) -> dict[str, str]:
    """The short hashes of those of the files that are data: split tables, class lists, frame indices."""
    found = sorted({path for path in files if layout.DATA in path.parents})
    return {str(path): whole_hash(path)[:SHORT] if path.is_file() else "not there" for path in found}


def whole_hash(path: Path) -> str:
    """The hash of a file, which many runs share, read once as long as it does not change."""
    state = path.stat()
    return _sha256(path.absolute(), (state.st_mtime_ns, state.st_size))


@functools.cache
def _sha256(path: Path, state: tuple[int, int]) -> str:
    return sha256(path)
