"""Videos of equal content under two names: what is trained with must not be tested with.

Only files of equal size are read, and of those that have equal ends the whole, so that it is cheap for 300,000 videos.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from pathlib import Path

from tcclip.data.splits.entries import OwnList, taking_out
from tcclip.data.splits.lists import Row
from tcclip.data.videos.seen import content_of, files_of

END = 16_384  # bytes of a file's end, which differ in nearly all files of equal size


def remarks_of_own(own: OwnList, splits: Mapping[str, Sequence[Row]], equal: Sequence[Sequence[str]]) -> list[str]:
    """A remark where trained videos have the content of tested ones, and one for equal videos on one side."""
    tested = {video for video, _ in splits["test1"]}
    entry = {entry.video: entry for entry in own.entries}
    groups = [sorted(videos, key=lambda video: entry[video].line) for videos in equal]
    parted = [videos for videos in groups if len({video in tested for video in videos}) == 2]
    remarks = []
    if parted:
        first = parted[0][0]
        other = next(video for video in parted[0] if (video in tested) != (first in tested))
        sides = [f"{entry[video].path} ({'test' if video in tested else 'train'})" for video in (first, other)]
        copies = [entry[video] for videos in parted for video in videos[1:]]
        remarks.append(
            f"Warning: {own.path}, lines {entry[first].line} and {entry[other].line}: {' and '.join(sides)} have equal "
            f"content; of {len(parted)} contents a copy is trained with and a copy tested with: "
            f"{taking_out(copies, own.path)} keeps the first of each"
        )
    if alike := [videos for videos in groups if videos not in parted]:
        one, two = (entry[video] for video in alike[0][:2])
        more = f", and {len(alike) - 1} other contents are listed more than once" if len(alike) > 1 else ""
        where = f"{own.path}, lines {one.line} and {two.line}"
        remarks.append(f"{where}: {one.path} and {two.path} have equal content{more}")
    return remarks


def remarks_of_official(splits: Mapping[str, Sequence[Row]], equal: Sequence[Sequence[str]]) -> list[str]:
    """A remark for a pair of official splits of which one trains and one tests, with equal videos; and for doubles."""
    remarks = []
    for split, rows in splits.items():
        doubles = len(rows) - len({video for video, _ in rows})
        if doubles:
            remarks.append(f"split {split} lists {doubles} of its {len(rows)} videos twice")
    train = {video for split, rows in splits.items() if split.startswith("train") for video, _ in rows}
    for split, rows in splits.items():
        if split.startswith("train"):
            continue
        own = {video for video, _ in rows}
        pairs = [
            (trained[0], tested[0])
            for videos in equal
            if (trained := [video for video in videos if video in train - own])
            and (tested := [video for video in videos if video in own])
        ]
        if pairs:
            remarks.append(
                f"{len(pairs)} videos of split {split} have the content of a training video: {' and '.join(pairs[0])}"
            )
    return remarks


def equal_contents(videos: Iterable[str], path_of: Mapping[str, Path], bytes_of: Mapping[str, int]) -> list[list[str]]:
    """The videos that share their content with another, together; without those that are not there or empty."""
    there = [video for video in dict.fromkeys(videos) if bytes_of.get(video)]
    groups = _parted([there], lambda video: bytes_of[video])
    groups = _parted(groups, lambda video: _end(path_of[video]))
    return _parted(groups, lambda video: content_of(path_of[video]))


def _parted(groups: Iterable[Sequence[str]], key: Callable[[str], Hashable]) -> list[list[str]]:
    """Each group parted by a key, without what is alone."""
    parted: list[list[str]] = []
    for group in groups:
        by_key: dict[Hashable, list[str]] = defaultdict(list)
        for video in group:
            by_key[key(video)].append(video)
        parted += [videos for videos in by_key.values() if len(videos) > 1]
    return parted


def _end(video: Path) -> bytes:
    """The last bytes of a file, or of the last picture; nothing of one that has gone."""
    try:
        with open(files_of(video)[-1], "rb") as file:
            file.seek(max(0, file.seek(0, 2) - END))
            return hashlib.sha256(file.read()).digest()
    except (OSError, IndexError):
        return str(video).encode()
