"""Listed videos against those that are there: what is not there is told with the nearest path that is."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from tcclip.data.splits import cures
from tcclip.data.splits.class_names import same_name
from tcclip.data.splits.lists import Row
from tcclip.data.splits.own_list import Entry, OwnList
from tcclip.errors import UserError
from tcclip.params.dataset import Dataset, Own

MOST = 20_000  # videos among which a name that is only similar is looked for


def check_own(dataset: Own, own: OwnList, splits: Mapping[str, Sequence[Row]], videos: Mapping[str, str]) -> list[str]:
    """UserError where more of a split's videos are not there than `max_missing` allows; a remark where fewer.

    `videos`: path below the folder by the identity of the video, of all that are there.
    """
    missing = [entry for entry in own.entries if entry.video not in videos]
    if not missing:
        return []
    near = {entry.line: nearest(entry.path, entry.video, videos) for entry in missing}
    first = missing[0]
    where = f"{own.path}, line {first.line}: {cures.shown(first.path)} is not a video below {dataset.folder}"
    of_all = f"{len(missing)} of {len(own.entries)} listed videos are not"
    closest = f"the nearest that is there is {near[first.line]}" if near[first.line] else "no other has a name like it"
    if (Path(dataset.folder).expanduser() / first.path).exists():
        closest = "it is there, and does not open as a video"
    too_many = [split for split, rows in splits.items() if _share(rows, videos) > dataset.max_missing]
    if not too_many:
        return [f"{where} ({of_all}); {closest}"]
    raise UserError(
        f"{where} ({of_all}, more than max_missing: {dataset.max_missing:g} allows of {too_many[0]}); {closest}: "
        f"{_cure(own.path, missing, near)}"
    )


def check_official(dataset: Dataset, splits: Mapping[str, Sequence[Row]], videos: Mapping[str, str]) -> list[str]:
    """UserError where no listed video is there; a remark for each split of which more are missing than allowed."""
    found = {split: sum(video in videos for video, _ in rows) for split, rows in splits.items()}
    where = f"data/raw/{dataset.name}/videos"
    if not any(found.values()):
        video = next(iter(splits.values()))[0][0]
        near = nearest(video, video, videos)
        raise UserError(
            f"dataset {dataset.name}: none of the listed videos is below {where}: the first is {video}, "
            + (
                f"the nearest that is there {near}"
                if near
                else f"and {next(iter(videos.values()), 'nothing')} is there"
            )
            + f": put the release's videos there under their own names and run `tcclip raw {dataset.name}`"
        )
    return [
        f"dataset {dataset.name}: {found[split]} of the {len(rows)} videos of split {split} are below {where}"
        for split, rows in splits.items()
        if _share(rows, videos) > dataset.max_missing
    ]


def nearest(path: str, video: str, videos: Mapping[str, str]) -> str:
    """The path of the video that is most probably meant; empty if none has a name like it."""
    parts = PurePosixPath(video.replace("\\", "/").strip("/")).parts
    endings = ["/".join(parts[start:]) for start in range(len(parts))]
    for known in (videos, {same_name(there): name for there, name in videos.items()}):
        for ending in endings:
            for key in (ending, same_name(ending)):
                if key in known:
                    return known[key]
    if (parent := "/".join(parts[:-1])) in videos:  # one of its pictures is listed
        return videos[parent]
    same_file = [name for there, name in videos.items() if same_name(PurePosixPath(there).name) == same_name(parts[-1])]
    among = same_file or (list(videos.values()) if len(videos) <= MOST else [])
    return next(iter(difflib.get_close_matches(path, among, n=1, cutoff=0 if same_file else 0.6)), "")


def _share(rows: Sequence[Row], videos: Mapping[str, str]) -> float:
    return sum(video not in videos for video, _ in rows) / len(rows)


def _cure(path: Path, missing: Sequence[Entry], near: Mapping[int, str]) -> str:
    changes = {entry.line: (entry.path, near[entry.line]) for entry in missing if near[entry.line]}
    absent = [entry.line for entry in missing if not near[entry.line]]
    if absent:
        return f"put what is missing there, or {cures.delete_lines(absent, path)} takes it off the list"
    slashed = [(old.replace("\\", "/"), new) for old, new in changes.values()]
    backslashes = any("\\" in old for old, _ in changes.values())
    prefixes = {old.removesuffix(_listed_as(old, new)) for old, new in slashed}
    if len(prefixes) == 1 and all(old.endswith(_listed_as(old, new)) for old, new in slashed):
        return f"{cures.cut_paths(prefixes.pop(), backslashes, path)} writes it, and so all others"
    steps = [(PurePosixPath(old).parts, PurePosixPath(new).parts) for old, new in slashed]
    if not backslashes and all(len(old) == len(new) for old, new in steps):
        folders = {a: b for old, new in steps for a, b in zip(old[:-1], new[:-1], strict=True) if a != b}
        names = {old[-1]: new[-1] for old, new in steps if old[-1] != new[-1]}
        if len(folders) + len(names) <= cures.MOST:
            return f"{cures.replace_parts(folders, names, path)} writes it, and so all others"
    more = "" if len(changes) <= cures.MOST else f", and of the next {cures.MOST - 1}"
    return f"{cures.replace_in_lines(changes, path)} writes it{more}"


def _listed_as(old: str, new: str) -> str:
    """A path that is there, with the suffix that is listed, which may be another one or none."""
    if old.endswith(new):
        return new
    return str(PurePosixPath(new).with_suffix(PurePosixPath(old).suffix))
