"""Which of the videos that are there a listed path means: the same one in another spelling, or one that is near."""

from __future__ import annotations

import difflib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from tcclip.data.splits.class_names import same_group
from tcclip.data.splits.entries import Entry

MOST = 20_000  # videos among which names that are only similar are looked for


@dataclass(frozen=True)
class KnownPaths:
    """The paths of the videos that are there, in the ways in which they are looked for."""

    by_video: Mapping[str, str]
    by_spelling: Mapping[str, Sequence[str]]
    by_ending: Mapping[str, Sequence[str]]  # of the spelling, from any of its folders on, and from the file's name on
    video_of: Mapping[str, str]


def known_names(videos: Mapping[str, str]) -> KnownPaths:
    """`videos` has the paths by the identity of the video."""
    by_spelling: dict[str, list[str]] = defaultdict(list)
    by_ending: dict[str, list[str]] = defaultdict(list)
    for video, path in videos.items():
        spelling = spelled(video)
        by_spelling[spelling].append(path)
        for ending in _endings(spelling):
            by_ending[ending].append(path)
    return KnownPaths(videos, by_spelling, by_ending, {path: video for video, path in videos.items()})


def spelled(video: str) -> str:
    """What spellings of one path without its suffix share: case, separators and Unicode's forms are no difference."""
    return same_group(_plain(video)).replace("-", "")


def _plain(video: str) -> str:
    return video.replace("\\", "/").strip("/")


def meant(missing: Sequence[Entry], entries: Sequence[Entry], known: KnownPaths) -> dict[int, str]:
    """By line, the path of the one video that a missing entry names in another spelling or from another folder on.

    There is none for another name or another number, for a video that the list has already, and where two lines or
    two videos come into question: frames would stand under another's label.
    """
    same = {entry.line: path for entry in missing if (path := _same(entry.video, known))}
    listed = {entry.video for entry in entries}
    wanted = Counter(same.values())
    return {line: path for line, path in same.items() if wanted[path] == 1 and known.video_of[path] not in listed}


def _same(video: str, known: KnownPaths) -> str:
    spelling = spelled(video)
    for plain, ending in zip(_endings(_plain(video)), _endings(spelling), strict=True):  # a folder too many, or none
        if exact := known.by_video.get(plain):
            return exact
        if found := known.by_spelling.get(ending):
            return found[0] if len(found) == 1 else ""
    deeper = known.by_ending.get(spelling, [])  # a folder too few
    return deeper[0] if len(deeper) == 1 else ""


def nearest(path: str, video: str, known: KnownPaths) -> str:
    """The path of the video that looks most like a listed one; empty if none does."""
    if same := _same(video, known):
        return same
    if found := known.by_video.get(str(PurePosixPath(_plain(video)).parent)):  # one of its pictures is listed
        return found
    same_file = known.by_ending.get(_endings(spelled(video))[-1], [])
    among = same_file or (list(known.by_video.values()) if len(known.by_video) <= MOST else [])
    return next(iter(difflib.get_close_matches(path, among, n=1, cutoff=0 if same_file else 0.6)), "")


def _endings(path: str) -> list[str]:
    """A path, and what is left of it without its folders, one after the other."""
    parts = path.split("/")
    return ["/".join(parts[start:]) for start in range(len(parts))]
