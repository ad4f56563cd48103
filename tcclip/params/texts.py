"""Texts from outside: what somebody has written of a dataset's classes, or of its videos (docs/texts.md)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal, get_args

from pydantic import Field

from tcclip.params.reader import Params

TextKind = Literal["rephrased", "descriptors", "class_words", "video_words"]
KINDS: tuple[TextKind, ...] = get_args(TextKind)
OF_VIDEOS: TextKind = "video_words"  # the others are of classes

OutsideTexts = Mapping[str, Mapping[str, tuple[str, ...]]]  # kind of text -> class name (or video) -> its strings
NONE: OutsideTexts = MappingProxyType({})
OfClass = Mapping[str, tuple[str, ...]]  # kind of text -> the strings of one class
NOTHING: OfClass = MappingProxyType({})

File = Annotated[str, Field(min_length=1)]


class Descriptors(Params):
    """The two files of a class list's descriptors."""

    spatial: File  # what is seen in one picture: {"0": [n strings], ...}
    temporal: File  # the steps of the action, as many


class TextFiles(Params):
    """Where a dataset's texts are: a file of params/split_files.csv, which is fetched, or else a path of yours.

    The class lists `base` and `novel` need no file of their own where `all` has one.
    """

    rephrased: dict[str, File] = Field(default_factory=dict)  # class list -> {"0": "Name: one sentence", ...}
    descriptors: dict[str, Descriptors] = Field(default_factory=dict)  # class list -> its two files
    class_words: File | None = None  # the folder of a file <class name>.txt for each class, one word or phrase a line
    video_words: File | None = None  # the folder of a file <folder>/<stem>.txt for each video, one word a line

    def has(self, kind: TextKind) -> bool:
        """Whether texts of a kind are named."""
        return bool(getattr(self, kind))
