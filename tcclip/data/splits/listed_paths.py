"""Listed videos against those that are there: what is not there is told with the nearest path that is."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from tcclip.data.splits import cures, path_cures
from tcclip.data.splits.entries import Entry, OwnList, taking_out
from tcclip.data.splits.lists import Row
from tcclip.data.splits.nearest import known_names, meant, nearest
from tcclip.data.videos.listing import video_id
from tcclip.errors import UserError
from tcclip.params.dataset import Dataset, Own


def check_own(dataset: Own, own: OwnList, splits: Mapping[str, Sequence[Row]], videos: Mapping[str, str]) -> list[str]:
    """UserError where more of a split's videos are not there than `max_missing` allows; a remark where fewer.

    `videos`: path below the folder by the identity of the video, of all that are there.
    """
    missing = [entry for entry in own.entries if entry.video not in videos]
    if not missing:
        return []
    known = known_names(videos)
    there = meant(missing, own.entries, known)
    first = next((entry for entry in missing if entry.line in there), missing[0])
    too_many = [split for split, rows in splits.items() if _share(rows, videos) > dataset.max_missing]
    where = f"{own.path}, line {first.line}: {cures.shown(first.path)} is not a video below {dataset.folder}"
    of_all = f"{len(missing)} of {len(own.entries)} listed videos are not"
    if first.line in there:
        closest = f"the nearest that is there is {there[first.line]}"
        cure = path_cures.writing(dataset, own, there, [e.path for e in own.entries if e.video in videos])
    else:
        near = nearest(first.path, first.video, known)
        other = f"the nearest that is there is {near}, which may be another video" if near else ""
        closest = _on_disk(dataset, first) or other or "no other has a name like it"
        cure = _absent(dataset, own, missing)
    if not too_many:
        return [f"{where} ({of_all}); {closest}"]
    raise UserError(
        f"{where} ({of_all}, more than max_missing: {dataset.max_missing:g} allows of {too_many[0]}); {closest}: {cure}"
    )


def _on_disk(dataset: Own, entry: Entry) -> str:
    """What the folder has in the place of a listed video, empty if nothing."""
    folder = Path(dataset.folder).expanduser()
    path = folder / entry.path
    if path.exists():
        is_below = not os.path.relpath(os.path.normpath(path), os.path.normpath(folder)).startswith("..")
        return "it is there, and does not open as a video" if is_below else "it is there, outside of the folder"
    beside = sorted(path.parent.iterdir()) if path.parent.is_dir() else []
    for link in beside:
        if link.is_symlink() and not link.exists() and video_id(link.name, "csv") == video_id(path.name, "csv"):
            return f"{link.relative_to(folder)} is a symbolic link to {link.readlink()}, which is not there"
    return ""


def _absent(dataset: Own, own: OwnList, missing: Sequence[Entry]) -> str:
    """What to do about videos that are not there under any spelling of their names."""
    if len(missing) == len(own.entries):
        where = f"params/datasets/{dataset.name}.yaml"
        return f"put the listed videos there, or name the folder that holds them in {where}: folder"
    return f"put what is missing there, or {taking_out(missing, own.path)} takes it off the list"


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


def _share(rows: Sequence[Row], videos: Mapping[str, str]) -> float:
    return sum(video not in videos for video, _ in rows) / len(rows)
