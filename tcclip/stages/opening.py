"""A run of the plan or of a folder, opened to look at videos; no stage."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tcclip.errors import UserError
from tcclip.params import Dataset
from tcclip.plan import Plan, layout, texts
from tcclip.stages.evaluate import found_run

if TYPE_CHECKING:
    from tcclip.attention.opened import Clip, Opened


def open_run(plan: Plan, run: str, role: str, split: str, we: bool = False, also: str | None = None) -> Opened:
    """A run, also an imported one or an untrained method, over the class names of a dataset's split.

    also: one more class name, unless it is one of them.
    """
    from tcclip.attention.opened import open_model

    subject, data = found_run(plan, run).subject, plan.dataset(role)
    outside = texts.files_for(subject.method, data, split)
    return open_model(subject, layout.class_file(data, split), outside, we, also)


def open_with_video(
    plan: Plan, run: str, video: str, role: str | None = None, we: bool = False, also: str | None = None
) -> tuple[Opened, Clip]:
    """A run, asked about the classes of its first test (on dataset `role` if given), and a clip of a video for it.

    video: a file, or a video's name in that dataset.
    """
    from tcclip.attention.opened import clip_of_dataset, clip_of_file
    from tcclip.data.videos.frames import open_frames

    role, split = asked_about(plan, run, role)
    opened = open_run(plan, run, role, split, we, also)
    if Path(video).exists():
        return opened, clip_of_file(opened, Path(video))
    name = plan.dataset(role).name
    store = open_frames(layout.frames(name))
    if video not in store:
        raise UserError(f"'{video}' is neither a file nor a video of {name}")
    return opened, clip_of_dataset(opened, store, video)


def asked_about(plan: Plan, run: str, role: str | None = None) -> tuple[str, str]:
    """The dataset and split of a run's first test, on dataset `role` if given."""
    for evaluation in plan.evaluations(run):
        if role in (None, evaluation.role):
            return evaluation.role, evaluation.split
    if role is None:
        raise UserError(f"no table tests run {run}: --dataset says whose class names it is asked about")
    splits = plan.dataset(role).all_splits
    return role, next((split for split in splits if "test" in split), splits[0])


def class_of(plan: Plan, video: str) -> str | None:
    """The class of a video that is one of the suite's, by its file or its name; None: nobody says."""
    from tcclip.data.splits.split_tables import read_classes, read_split

    for dataset in plan.datasets.values():
        name = _name_in(dataset, video)
        for split in dataset.all_splits if name else ():
            labels = dict(read_split(layout.split(dataset.name, split)))
            if name in labels:
                return read_classes(layout.class_file(dataset, split))[labels[name]]
    return None


def _name_in(dataset: Dataset, video: str) -> str | None:
    """The name of a video in a dataset, None where it is none of it."""
    from tcclip.data.videos.frames import open_frames

    if not layout.frames_index(dataset.name).is_file():
        return None
    store = open_frames(layout.frames(dataset.name))
    if video in store:
        return video
    file, folder = Path(video).resolve(), (layout.raw(dataset.name) / "videos").resolve()
    if not file.is_relative_to(folder):
        return None
    found = store.index.index[store.index["path"] == file.relative_to(folder).as_posix()]
    return str(found[0]) if len(found) else None
