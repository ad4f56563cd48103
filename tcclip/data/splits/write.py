"""Split tables (video, label) and class lists, from the published lists or from the official ones and our own draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from tcclip.data.splits import doubles, file_names, listed_paths
from tcclip.data.splits.base_novel import base_novel_lists
from tcclip.data.splits.class_names import check_official
from tcclip.data.splits.entries import OwnList
from tcclip.data.splits.few_shot import few_shot
from tcclip.data.splits.lists import Lists, Row, check_counts, read_lists
from tcclip.data.splits.own_list import read_entries, split_entries
from tcclip.data.splits.paper_lists import read_published
from tcclip.data.videos.listing import video_id
from tcclip.errors import UserError
from tcclip.params.dataset import Dataset, Generated, Own, Published, Release
from tcclip.process.files import write_csv


def write_splits(dataset: Dataset, raw: Path, out: Path, there: Mapping[str, int] | None = None) -> list[str]:
    """Write `out`/classes/<list>.csv (label, name) and `out`/<split>.csv (video, label), drawn lists included.

    `there` are the bytes of the videos by their paths below `raw`/videos, against which the lists are held. Returns
    what is to be said of the lists although it is no mistake.
    """
    remarks: list[str] = []
    match dataset:
        case Release(uses_published=Published() as published):
            classes, splits = read_published(dataset, published, raw)
        case Own():
            own = read_entries(dataset)
            classes, splits = split_entries(dataset, own)
            remarks = own.remarks + own_remarks(dataset, own, splits, raw / "videos", there)
            classes, splits = _with_draws(dataset, classes, splits)
        case _:
            classes, splits = read_lists(dataset, raw)
            classes, splits = _with_draws(dataset, classes, splits)
    if not isinstance(dataset, Own):
        for names in classes.values():
            check_official(dataset.name, names, raw / "lists")
    if isinstance(dataset, Generated) or (isinstance(dataset, Release) and not dataset.uses_published):
        check_counts(dataset, classes, splits)
    for split, rows in splits.items():
        if not rows:
            raise UserError(
                f"dataset {dataset.name}: split {split} is empty: its official list under {raw / 'lists'} has no video"
            )
    if there is not None and not isinstance(dataset, Own):
        remarks = _official_remarks(dataset, splits, raw / "videos", there)
    for name, names in classes.items():
        write_csv(out / "classes" / f"{name}.csv", ("label", "name"), enumerate(names))
    for split, rows in splits.items():
        write_csv(out / f"{split}.csv", ("video", "label"), rows)
    return remarks


def own_remarks(
    dataset: Own, own: OwnList, splits: Mapping[str, Sequence[Row]], folder: Path, there: Mapping[str, int] | None
) -> list[str]:
    """UserError where too many listed videos are not there, or other files; remarks on fewer, and on equal content."""
    if there is None:
        return []
    path_of = _by_video(dataset, there)
    file_names.check_twins(dataset, own, there)
    file_names.check_suffixes(own, path_of)
    return [
        *listed_paths.check_own(dataset, own, splits, path_of),
        *file_names.remarks_of_empty(own, path_of, there),
        *doubles.remarks_of_own(own, splits, _equal(splits, path_of, folder, there)),
    ]


def _official_remarks(
    dataset: Dataset, splits: Mapping[str, Sequence[Row]], folder: Path, there: Mapping[str, int]
) -> list[str]:
    path_of = _by_video(dataset, there)
    return [
        *listed_paths.check_official(dataset, splits, path_of),
        *doubles.remarks_of_official(splits, _equal(splits, path_of, folder, there)),
    ]


def _by_video(dataset: Dataset, there: Mapping[str, int]) -> dict[str, str]:
    return {video_id(path, dataset.format): path for path in sorted(there, reverse=True)}


def _equal(
    splits: Mapping[str, Sequence[Row]], path_of: Mapping[str, str], folder: Path, there: Mapping[str, int]
) -> list[list[str]]:
    listed = (video for rows in splits.values() for video, _ in rows if video in path_of)
    return doubles.equal_contents(
        listed,
        {video: folder / path for video, path in path_of.items()},
        {video: there[path] for video, path in path_of.items()},
    )


def _with_draws(dataset: Dataset, classes: dict[str, list[str]], splits: dict[str, list[Row]]) -> Lists:
    """The lists, with few-shot and base-to-novel lists drawn from them."""
    source = dataset.splits[0]
    where = f"dataset {dataset.name}, split {source}"
    names = classes[dataset.class_list(source)]
    train = splits[source]
    if dataset.few_shot is not None:
        for k in dataset.few_shot.shots:
            splits[f"few_shot_k{k}"] = few_shot(train, k, [dataset.few_shot.seed], names, where)
    if dataset.base_novel is not None:
        test = splits[dataset.splits[1]]
        more_classes, more_splits = base_novel_lists(train, test, names, dataset.base_novel, where)
        return classes | more_classes, splits | more_splits
    return classes, splits
