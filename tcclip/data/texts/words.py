"""Words of classes and of videos: a file for each, with one word or phrase a line (systems/maxi.md 5)."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tcclip.data.splits import cures
from tcclip.data.splits.class_names import same_name
from tcclip.data.texts.faults import Fault, Wanted, Where
from tcclip.data.texts.files import read_lines
from tcclip.data.texts.lengths import PLACES, too_long
from tcclip.data.texts.word_files import WordFiles, file_of
from tcclip.params.texts import OF_VIDEOS, TextKind

Texts = dict[str, tuple[str, ...]]
Lines = list[tuple[int, str]]  # number, text


def read_of_classes(folder: Path, wanted: Wanted) -> tuple[Texts, list[Fault]]:
    """The words of every class that has right ones, without its own name, and what is wrong with the others."""
    texts: Texts = {}
    faults: list[Fault] = []
    found = sorted(folder.rglob("[!.]*.txt")) if folder.is_dir() else []  # a name may hold a /
    there = {path.relative_to(folder).as_posix().removesuffix(".txt"): path for path in found}
    strays = {same_name(stem): path for stem, path in there.items() if stem not in wanted.names}
    for name in wanted.names:
        if name not in there:
            faults.append(_no_file(folder / f"{name}.txt", name, strays.get(same_name(name)), wanted))
            continue
        lines = read_lines(there[name])
        wrong = [
            *_told(there[name], name, lines, _doubles(lines), "is there twice"),
            *_told(there[name], name, lines, _own_name(name, lines), "is the class's own name in another spelling"),
            *_stops(there[name], name, lines),
            *_long(there[name], name, lines),
        ]
        faults += wrong
        if not wrong:
            texts[name] = tuple(line for _, line in lines if line != name)
    return texts, faults


def read_of_videos(folder: Path, videos: Mapping[str, str], fmt: str, wanted: Wanted) -> tuple[Texts, list[Fault]]:
    """The words of every video (-> its path below the videos' folder) that has right ones, and what is wrong."""
    texts: Texts = {}
    faults: list[Fault] = []
    files = WordFiles(folder, fmt)
    for video, where in videos.items():
        found = files.of(video, where)
        if len(found) != 1:
            faults.append(_not_one(folder / file_of(where), video, found, wanted))
            continue
        lines = read_lines(found[0])
        wrong = [
            *_told(found[0], video, lines, _doubles(lines), "is there twice"),
            *_told(found[0], video, lines, [n for n, line in lines if " " in line], "is more than one word"),
        ]
        faults += wrong
        if not wrong:
            texts[video] = tuple(line for _, line in lines)
    return texts, faults


def _no_file(path: Path, name: str, stray: Path | None, wanted: Wanted) -> Fault:
    if stray is not None:
        move = f"`mv {shlex.quote(str(stray))} {shlex.quote(str(path))}`"
        return Fault(str(path), name, f"is not there, and {stray.name} is", f"{move} writes the class list's spelling")
    return Fault(str(path), name, "is not there", wanted.cure(path))


def _not_one(path: Path, video: str, found: list[Path], wanted: Wanted) -> Fault:
    if found:
        told = " and ".join(map(str, found[:2]))
        return Fault(str(path), video, f"{told} are both called like it", f"rename the one that is its own to {path}")
    empty = f"`mkdir -p {shlex.quote(str(path.parent))} && touch {shlex.quote(str(path))}`"
    asked = f"`tcclip texts ask {wanted.dataset} {wanted.kind}` writes a prompt for all that are missing"
    return Fault(str(path), video, "is not there", f"{empty} says that nothing is known of it, or {asked}")


def _told(path: Path, name: str, lines: Lines, numbers: list[int], said: str) -> Iterator[Fault]:
    """One fault for all lines of a file that are wrong in one way, because deleting one numbers the others anew."""
    if numbers:
        line = next(text for number, text in lines if number == numbers[0])
        cure = f"{cures.delete_lines(numbers, path)} removes {'it' if len(numbers) == 1 else 'them'}"
        yield Fault(f"{path}, line {numbers[0]}", name, f"'{line[:40]}' {said}", cure)


def _doubles(lines: Lines) -> list[int]:
    seen: set[str] = set()
    twice = []
    for number, line in lines:
        twice += [number] if line.casefold() in seen else []
        seen.add(line.casefold())
    return twice


def _own_name(name: str, lines: Lines) -> list[int]:
    """Lines with the class's name, but for its own spelling: a class's words have it, and it is left out."""
    return [number for number, line in lines if line != name and same_name(line) == same_name(name)]


def _stops(path: Path, name: str, lines: Lines) -> Iterator[Fault]:
    if wrong := {number: (line, line.rstrip(".")) for number, line in lines if line.endswith(".")}:
        number, (line, _) = next(iter(wrong.items()))
        cure = f"{cures.replace_in_lines(wrong, path)} takes it off"
        yield Fault(
            f"{path}, line {number}", name, f"'{line[:40]}' ends with a full stop, and the prompt has one", cure
        )


def _long(path: Path, name: str, lines: Lines) -> Iterator[Fault]:
    for place, tokens in too_long("class_words", [(name, line) for _, line in lines if line != name]).items():
        number, line = [pair for pair in lines if pair[1] != name][place]
        said = f"'{line[:40]}' has {tokens} tokens with the prompt around it, and {PLACES} is the most"
        yield Fault(f"{path}, line {number}", name, said, f"{cures.delete_lines([number], path)} removes it")


def judged(kind: TextKind, values: Mapping[str, Any], where: Where) -> tuple[dict[str, list[str]], list[Fault]]:
    """The lists of words that are right of those given by class or video, and what is wrong with the others."""
    right: dict[str, list[str]] = {}
    faults: list[Fault] = []
    for name, value in values.items():
        if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
            faults.append(where(name, f"it is {value!r:.60} and must be a list of words"))
        elif kind == OF_VIDEOS and (phrases := [word for word in value if " " in word]):
            faults.append(where(name, f"'{phrases[0][:40]}' is more than one word"))
        elif kind != OF_VIDEOS and not value:
            faults.append(where(name, "it has no words"))
        elif long := too_long("class_words", [(name, word) for word in value]) if kind != OF_VIDEOS else {}:
            place, tokens = next(iter(long.items()))
            said = f"'{value[place][:40]}' has {tokens} tokens with the prompt around it, and {PLACES} is the most"
            faults.append(where(name, said))
        else:
            right[name] = value
    return right, faults
