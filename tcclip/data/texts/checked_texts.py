"""Checked texts from outside, as trainings and evaluations read them: {class name (or video): [its strings]}."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from tcclip.errors import UserError
from tcclip.params.texts import TextKind
from tcclip.process import files


def write_texts(path: Path, texts: Mapping[str, Sequence[str]]) -> None:
    """Write the strings of every class or video, one of them a line, atomically."""
    lines = (f"{_json(name)}: {_json(list(strings))}" for name, strings in texts.items())
    files.write_text(path, "{\n" + ",\n".join(lines) + "\n}\n")


def read_texts(paths: Mapping[TextKind, Path]) -> dict[str, dict[str, tuple[str, ...]]]:
    """Texts by kind, of one class list: the `OutsideTexts` of a model."""
    return {kind: _read(path, kind) for kind, path in paths.items()}


def _read(path: Path, kind: TextKind) -> dict[str, tuple[str, ...]]:
    if not path.is_file():
        raise UserError(f"{path} is not there: `tcclip texts check {path.parents[1].name} {kind}` makes it")
    return {name: tuple(strings) for name, strings in files.read_json(path).items()}


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
