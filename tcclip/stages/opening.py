"""A run of the plan or of a folder, opened to look at videos; no stage."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tcclip.params import Dataset
from tcclip.plan import Plan, layout, texts
from tcclip.stages.evaluate import found_run

if TYPE_CHECKING:
    from tcclip.attention.opened import Opened


def open_run(plan: Plan, run: str, role: str, split: str) -> Opened:
    """A run, also an imported one or an untrained method, over the class names of a dataset's split."""
    from tcclip.attention.opened import open_model

    subject, data = found_run(plan, run).subject, plan.dataset(role)
    return open_model(subject, layout.class_file(data, split), texts.files_for(subject.method, data, split))


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
