"""What a program gives to a model's functions is what they take, or a sentence says what they take."""

from __future__ import annotations

import operator
import os
from collections.abc import Iterable

from tcclip.errors import UserError

Videos = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]


def checked_path(given: object, name: str) -> str:
    """A path as text; UserError where it is neither text nor a Path, or empty."""
    path = os.fspath(given) if isinstance(given, os.PathLike) else given
    if not isinstance(path, str):
        raise UserError(f"{name} must be a path or a name as text (got {given!r})")
    if not path.strip():
        raise UserError(f"{name} is empty: name a file, a folder or a list")
    return path


def checked_paths(given: Videos) -> list[str]:
    """One path or several, as texts."""
    if isinstance(given, str | os.PathLike):
        return [checked_path(given, "a video")]
    if isinstance(given, bytes) or not isinstance(given, Iterable):
        raise UserError(f"videos must be a path or several, as text (got {given!r})")
    return [checked_path(path, "a video") for path in given]


def checked_text(given: object, name: str, example: str) -> str:
    """A text; UserError for anything else."""
    if not isinstance(given, str):
        raise UserError(f'{name} must be text, for example "{example}" (got {given!r})')
    return given


def checked_names(given: Iterable[str]) -> tuple[str, ...]:
    """Class names, several of them."""
    if isinstance(given, str):
        raise UserError(f"class names are a list, not one text: [{given!r}]")
    if isinstance(given, bytes) or not isinstance(given, Iterable):
        raise UserError(f"class names are a list of texts (got {given!r})")
    return tuple(checked_text(name, "a class name", "opening a drawer") for name in given)


def checked_count(given: object, name: str) -> int:
    """A whole number from 1 on, NumPy's too."""
    try:
        count = operator.index(given)  # type: ignore[arg-type]  # which is what is asked
    except TypeError:
        count = 0
    if isinstance(given, bool) or count < 1:
        raise UserError(f"{name} must be a whole number from 1 on (got {given!r})")
    return count


def check_set(dataset: object, split: object) -> None:
    """UserError unless a dataset and its split are texts, or not given; a split alone belongs to nothing."""
    if dataset is None and split is not None:
        raise UserError(f"split '{split}' is a dataset's: name the dataset too")
    if dataset is not None:
        checked_text(dataset, "dataset", "hmdb51")
    if split is not None:
        checked_text(split, "split", "test1")


def check_reading(of_class: object, layer: object) -> None:
    """UserError unless a class and a layer, from 1, are such or not given."""
    if of_class is not None:
        checked_text(of_class, "of_class", "opening a drawer")
    if layer is not None:
        checked_count(layer, "layer")
