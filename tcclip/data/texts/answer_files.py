"""Answers in their files: the originals' formats, with what was there and was right."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tcclip.data.texts.faults import Wanted
from tcclip.data.texts.files import read_object
from tcclip.params.texts import TextKind
from tcclip.process.files import write_text


def put(kind: TextKind, paths: Sequence[Path], wanted: Wanted, texts: Mapping[str, Any]) -> None:
    """Write the texts of some classes (or videos, -> their file below the folder) over those that are there."""
    match kind:
        case "rephrased":
            _over(paths[0], wanted, texts)
        case "descriptors":
            for form, path in zip(("spatial", "temporal"), paths, strict=True):
                _over(path, wanted, {name: both.get(form) for name, both in texts.items()})
        case "class_words":
            for name, words in texts.items():
                write_text(paths[0] / f"{name}.txt", _lines([name, *words]))
        case _:
            for file, words in texts.items():
                write_text(paths[0] / file, _lines(words))


def _over(path: Path, wanted: Wanted, texts: Mapping[str, Any]) -> None:
    there = read_object(path, wanted) if path.is_file() else {}
    label = {name: str(number) for number, name in enumerate(wanted.names)}
    content = {**there, **{label[name]: value for name, value in texts.items()}}
    ordered = {key: content[key] for key in sorted(content, key=int)}
    write_text(path, json.dumps(ordered, indent=2, ensure_ascii=False) + "\n")


def _lines(words: Sequence[str]) -> str:
    return "".join(f"{word}\n" for word in words)
