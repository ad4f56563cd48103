"""A run of the plan or of a folder, opened to look at videos; no stage."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from tcclip.params import Dataset
from tcclip.plan import Plan, layout, texts
from tcclip.stages.subjects import found_run

if TYPE_CHECKING:
    from tcclip.attention.opened_run import Opened


def open_run(plan: Plan, run: str, role: str, split: str, device: str = "") -> Opened:
    """A run, also an imported one or an untrained method, over the class names of a dataset's split.

    device: as of `process.launch.take_device`; without one a GPU, where the suite uses one and there is one that works.
    """
    from tcclip.attention.opened_run import open_model

    subject, data = found_run(plan, run).subject, plan.dataset(role)
    device = device or ("cpu" if plan.suite.machine.gpus == 0 else "auto")
    files = texts.files_for(subject.method, data, split)
    return open_model(dataclasses.replace(subject, device=device), layout.class_file(data, split), files)


def class_of(plan: Plan, video: str, role: str | None = None, split: str | None = None) -> str | None:
    """The class of a video that is one of the suite's; None: nobody says.

    Args:
        video: a file of one of the suite's datasets, or with `role` the name of one of its videos.
        role: the paper's dataset, where one is asked about; else it is the one that the file belongs to.
        split: of that dataset: whose list is asked first.
    """
    from tcclip.data.splits.split_tables import read_classes, read_split

    for dataset in [plan.dataset(role)] if role else plan.datasets.values():
        name = _name_in(dataset, video, by_name=role is not None)
        for each in sorted(dataset.all_splits, key=lambda other: other != split) if name else ():
            listed, classes = layout.split(dataset.name, each), layout.class_file(dataset, each)
            if listed.is_file() and classes.is_file():  # not every split is made on every machine
                labels = dict(read_split(listed))
                if name in labels:
                    return read_classes(classes)[labels[name]]
    return None


def _name_in(dataset: Dataset, video: str, by_name: bool) -> str | None:
    """The name of a video in a dataset, None where it is none of it; by_name: what is no file may be its name."""
    from tcclip.data.videos.frames import open_frames

    file, folder = Path(video).resolve(), (layout.raw(dataset.name) / "videos").resolve()
    inside, by_name = file.is_relative_to(folder), by_name and not Path(video).exists()
    if not (inside or by_name) or not layout.frames_index(dataset.name).is_file():
        return None
    store = open_frames(layout.frames(dataset.name))
    if not inside:
        return video if video in store else None
    found = store.index.index[store.index["path"] == file.relative_to(folder).as_posix()]
    return str(found[0]) if len(found) else None
