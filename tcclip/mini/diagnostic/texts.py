"""Texts from outside for the diagnostic classes: what somebody who knows them would write (docs/texts.md)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from tcclip.mini.texts import Files
from tcclip.params.dataset import Generate
from tcclip.params.texts import TextKind


@dataclass(frozen=True)
class Words:
    """What can be said of a class."""

    meaning: str  # the class in a sentence
    seen: tuple[str, str, str, str]  # in one picture
    steps: tuple[str, str, str, str]  # in their order
    words: tuple[str, ...]  # other words for what happens


def _two(shape: str) -> tuple[str, str, str, str]:
    return f"yellow {shape}", f"blue {shape}", shape, f"picture of a {shape}"


WORDS = {
    "green ball": Words(
        "A green ball is staying in its place",
        ("green ball", "ball", "green", "picture of a green ball"),
        ("The ball is green", "It is staying", "It is green again", "The green ball is staying"),
        ("staying", "green"),
    ),
    "purple triangle": Words(
        "A purple triangle is staying in its place",
        ("purple triangle", "triangle", "purple", "picture of a purple triangle"),
        ("The triangle is purple", "It is staying", "It is purple again", "The purple triangle is staying"),
        ("staying", "purple"),
    ),
    "orange ring for a moment": Words(
        "Plain, and for a moment an orange ring",
        ("orange ring", "ring", "orange", "plain"),
        ("Plain", "An orange ring is there", "It goes away", "Plain again"),
        ("flash", "orange"),
    ),
    "pink ring for a moment": Words(
        "Plain, and for a moment a pink ring",
        ("pink ring", "ring", "pink", "plain"),
        ("Plain", "A pink ring is there", "It goes away", "Plain again"),
        ("flash", "pink"),
    ),
    "ball of one colour": Words(
        "A ball is staying yellow, or staying blue",
        _two("ball"),
        ("The ball has a colour", "It is staying the same", "The same colour again", "It has one colour"),
        ("same", "staying"),
    ),
    "ball of two colours": Words(
        "A ball is changing its colour from yellow to blue and from blue to yellow",
        _two("ball"),
        ("The ball has a colour", "Changing to another colour", "Changing its colour again", "It has two colours"),
        ("changing", "other"),
    ),
    "heart first yellow then blue": Words(
        "A yellow heart is changing its colour to blue",
        _two("heart"),
        ("The heart is yellow", "It is staying yellow", "Changing to blue", "The heart is blue"),
        ("to blue", "from yellow"),
    ),
    "heart first blue then yellow": Words(
        "A blue heart is changing its colour to yellow",
        _two("heart"),
        ("The heart is blue", "It is staying blue", "Changing to yellow", "The heart is yellow"),
        ("to yellow", "from blue"),
    ),
    "star ends in its first colour": Words(
        "A star is white for a while and ends in the colour that it had at first",
        ("white star", *_two("star")[:3]),
        ("The star has a colour", "Changing to white", "It is staying white", "Its first colour again"),
        ("same", "again"),
    ),
    "star ends in another colour": Words(
        "A star is white for a while and ends in another colour than it had at first",
        ("white star", *_two("star")[:3]),
        ("The star has a colour", "Changing to white", "It is staying white", "Another colour"),
        ("changing", "other"),
    ),
    "cross of one colour among other shapes": Words(
        "A cross is staying yellow, or staying blue, and small shapes are moving",
        (*_two("cross")[:3], "small shapes"),
        ("The cross has a colour", "It is staying the same", "Small shapes moving", "It has one colour"),
        ("same", "moving"),
    ),
    "cross of two colours among other shapes": Words(
        "A cross is changing its colour from yellow to blue and from blue to yellow, and small shapes are moving",
        (*_two("cross")[:3], "small shapes"),
        ("The cross has a colour", "Changing to another colour", "Small shapes moving", "It has two colours"),
        ("changing", "moving"),
    ),
}


def class_texts(kind: TextKind, class_list: str, names: Sequence[str]) -> Files:
    """The files of one kind for the classes of a list, in its order."""
    match kind:
        case "rephrased":
            return {f"rephrased/{class_list}.json": _numbered(f"{_title(n)}: {WORDS[n].meaning}" for n in names)}
        case "descriptors":
            return {
                f"descriptors/{class_list}.spatial.json": _numbered([*WORDS[n].seen] for n in names),
                f"descriptors/{class_list}.temporal.json": _numbered([*WORDS[n].steps] for n in names),
            }
        case _:
            return {f"class_words/{n}.txt": _lines([n, *WORDS[n].words, *WORDS[n].seen]) for n in names}


def video_words(generate: Generate, of_class: Mapping[str, str]) -> Files:
    """A file for each video: what is seen in pictures of its class; path below videos/ -> its class."""
    del generate  # nothing is drawn
    words = {name: " ".join(of_one.seen[:2]).split() for name, of_one in WORDS.items()}
    return {f"video_words/{_stem(path)}.txt": _lines(words[name]) for path, name in of_class.items()}


def _stem(path: str) -> str:
    video = PurePosixPath(path)
    return f"{video.parent.name}/{video.name.partition('.')[0]}"


def _title(name: str) -> str:
    return name[0].upper() + name[1:]


def _numbered(values: Iterable[object]) -> str:
    return json.dumps({str(label): value for label, value in enumerate(values)}, indent=2) + "\n"


def _lines(words: Sequence[str]) -> str:
    return "".join(f"{word}\n" for word in dict.fromkeys(words))
