"""Listed videos against those that are there: what is not there is told with the nearest path that is."""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tcclip.data.splits import cures
from tcclip.data.splits.class_names import same_name
from tcclip.data.splits.lists import Row
from tcclip.data.splits.own_list import Entry, OwnList
from tcclip.errors import UserError
from tcclip.params.dataset import Dataset, Own

MOST = 20_000  # videos among which names that are only similar are looked for, of all missing ones together
LOOKED_AT = 200  # missing ones from which the command is made


def check_own(dataset: Own, own: OwnList, splits: Mapping[str, Sequence[Row]], videos: Mapping[str, str]) -> list[str]:
    """UserError where more of a split's videos are not there than `max_missing` allows; a remark where fewer.

    `videos`: path below the folder by the identity of the video, of all that are there.
    """
    missing = [entry for entry in own.entries if entry.video not in videos]
    if not missing:
        return []
    known = known_names(videos)
    too_many = [split for split, rows in splits.items() if _share(rows, videos) > dataset.max_missing]
    near = _near(missing[: LOOKED_AT if too_many else 1], known)
    first = missing[0]
    where = f"{own.path}, line {first.line}: {cures.shown(first.path)} is not a video below {dataset.folder}"
    of_all = f"{len(missing)} of {len(own.entries)} listed videos are not"
    closest = f"the nearest that is there is {near[first.line]}" if near[first.line] else "no other has a name like it"
    if (Path(dataset.folder).expanduser() / first.path).exists():
        closest = "it is there, and does not open as a video"
    if not too_many:
        return [f"{where} ({of_all}); {closest}"]
    raise UserError(
        f"{where} ({of_all}, more than max_missing: {dataset.max_missing:g} allows of {too_many[0]}); {closest}: "
        f"{_cure(dataset, missing[:LOOKED_AT], near, len(missing) == len(own.entries))}"
    )


def check_official(dataset: Dataset, splits: Mapping[str, Sequence[Row]], videos: Mapping[str, str]) -> list[str]:
    """UserError where no listed video is there; a remark for each split of which more are missing than allowed."""
    found = {split: sum(video in videos for video, _ in rows) for split, rows in splits.items()}
    where = f"data/raw/{dataset.name}/videos"
    if not any(found.values()):
        video = next(iter(splits.values()))[0][0]
        near = nearest(video, video, known_names(videos))
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


@dataclass(frozen=True)
class Known:
    """The paths of the videos that are there, in the ways in which they are looked for."""

    by_video: Mapping[str, str]
    by_spelling: Mapping[str, str]
    by_name: Mapping[str, Sequence[str]]  # of the file


def known_names(videos: Mapping[str, str]) -> Known:
    """For `nearest`: `videos` has the paths by the identity of the video."""
    by_name: dict[str, list[str]] = defaultdict(list)
    for path in videos.values():
        by_name[_name(path)].append(path)
    return Known(videos, {same_name(video): path for video, path in videos.items()}, by_name)


def _near(missing: Sequence[Entry], known: Known) -> dict[int, str]:
    """By line, the path that is most probably meant, empty where none is.

    Similar names, which take long, are looked for only of as many as `MOST` allows; where these have some, the others
    are left for the next time.
    """
    similar = max(1, MOST // max(1, len(known.by_video)))
    near = {e.line: nearest(e.path, e.video, known, similar=place < similar) for place, e in enumerate(missing)}
    looked_at = [near[entry.line] for entry in missing[:similar]]
    return {line: path for line, path in near.items() if path or not any(looked_at) or line == missing[0].line}


def nearest(path: str, video: str, known: Known, similar: bool = True) -> str:
    """The path of the video that is most probably meant; empty if none has a name like it.

    `similar` False: nor is a name looked for that is only similar.
    """
    parts = PurePosixPath(video.replace("\\", "/").strip("/")).parts
    endings = ["/".join(parts[start:]) for start in range(len(parts))]
    for ending in endings:
        if found := known.by_video.get(ending):
            return found
    for ending in endings:
        if found := known.by_spelling.get(same_name(ending)):
            return found
    if found := known.by_video.get("/".join(parts[:-1])):  # one of its pictures is listed
        return found
    same_file = known.by_name.get(_name(parts[-1]), [])
    deeper = [there for there in same_file if str(PurePosixPath(there).with_suffix("")).endswith(f"/{endings[0]}")]
    among = deeper or same_file or (list(known.by_video.values()) if similar and len(known.by_video) <= MOST else [])
    return next(iter(difflib.get_close_matches(path, among, n=1, cutoff=0 if same_file else 0.6)), "")


def _name(path: str) -> str:
    return same_name(PurePosixPath(path).stem)


def _share(rows: Sequence[Row], videos: Mapping[str, str]) -> float:
    return sum(video not in videos for video, _ in rows) / len(rows)


def _cure(dataset: Own, missing: Sequence[Entry], near: Mapping[int, str], all_missing: bool) -> str:
    path = dataset.list_path
    changes = {entry.line: (entry.path, near[entry.line]) for entry in missing if near.get(entry.line)}
    absent = [entry.line for entry in missing if near.get(entry.line) == ""]
    if absent:
        return f"put what is missing there, or {cures.delete_lines(absent, path)} takes it off the list"
    slashed = [(old.replace("\\", "/"), new) for old, new in changes.values()]
    backslashes = any("\\" in old for old, _ in changes.values())
    prefixes = {old.removesuffix(_listed_as(old, new)) for old, new in slashed}
    if len(prefixes) == 1 and all(old.endswith(_listed_as(old, new)) for old, new in slashed):
        return f"{cures.cut_paths(prefixes.pop(), backslashes, path)} writes it, and so all others"
    above = {new.removesuffix(f"/{old}") for old, new in slashed}
    if all_missing and len(above) == 1 and all(new.endswith(f"/{old}") for old, new in slashed):
        folder = str(PurePosixPath(dataset.folder) / above.pop())
        command = cures.replace_key("folder", folder, f"params/datasets/{dataset.name}.yaml")
        return f"{command} names the folder they are in"
    steps = [(PurePosixPath(old).parts, PurePosixPath(new).parts) for old, new in slashed]
    if not backslashes and all(len(old) == len(new) for old, new in steps):
        folders = {a: b for old, new in steps for a, b in zip(old[:-1], new[:-1], strict=True) if a != b}
        names = {old[-1]: new[-1] for old, new in steps if old[-1] != new[-1]}
        if len(folders) + len(names) <= cures.MOST:
            others = "so all others" if not names or len(near) == len(missing) else "the next error names others"
            return f"{cures.replace_parts(folders, names, path)} writes it, and {others}"
    more = "" if len(changes) <= cures.MOST else f", and of the next {cures.MOST - 1}"
    return f"{cures.replace_in_lines(changes, path)} writes it{more}"


def _listed_as(old: str, new: str) -> str:
    """A path that is there, with the suffix that is listed, which may be another one or none."""
    if old.endswith(new):
        return new
    return str(PurePosixPath(new).with_suffix(PurePosixPath(old).suffix))
