"""Which recording a video is a clip of: clips of one are right and wrong together, and have one weight."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence

import pyarrow.parquet

from tcclip.errors import UserError
from tcclip.params.dataset import Dataset
from tcclip.params.reader import path_of
from tcclip.plan import Cell, Plan, layout
from tcclip.plan.cells import rows_of

Key = tuple[str, str, str]  # group, row, column


def recordings(dataset: Dataset, videos: Sequence[str]) -> tuple[str, ...]:
    """The recording of each video, by the dataset's key `recording`; without it every video is its own.

    Raises:
        UserError: the expression does not match the whole name of a video, or its group is empty there.
    """
    if dataset.recording is None:
        return tuple(videos)
    expression = re.compile(dataset.recording)
    found = []
    for video in videos:
        match = expression.fullmatch(video)
        if match is None or not match[1]:
            missed = "does not match its whole name" if match is None else "has nothing in its group there"
            raise UserError(
                f"{path_of('datasets', dataset.name)}: recording says of no recording what video '{video}' is a clip "
                f"of: '{dataset.recording}' {missed}: write one that does for every video, or take the key out"
            )
        found.append(match[1])
    return tuple(found)


def recordings_behind(plan: Plan, cells: Iterable[Cell]) -> dict[Key, int]:
    """Group, row, column -> recordings of the distinct test splits behind a cell, as `n_videos` counts videos.

    Cells have one where a dataset of theirs says what a recording is, and some row has predictions of each split.
    """
    cells = list(cells)
    rows = rows_of(cells)
    tested = {
        cell.key: [e for part in cell.parts(rows[cell.group, cell.row]).values() for e in part.evaluations]
        for cell in cells
    }
    of_clips = {key: asked for key, asked in tested.items() if any(plan.dataset(e.role).recording for e in asked)}
    counts: dict[str, int] = {}  # by the evaluation's name, which all rows share
    for evaluation in itertools.chain.from_iterable(of_clips.values()):
        path = layout.predictions(plan.suite.name, evaluation.run, evaluation.name)
        if evaluation.name not in counts and path.is_file():
            videos = pyarrow.parquet.read_table(path, columns=["video"])["video"].to_pylist()
            counts[evaluation.name] = len(set(recordings(plan.dataset(evaluation.role), videos)))
    names = {key: {evaluation.name for evaluation in asked} for key, asked in of_clips.items()}
    return {key: sum(counts[name] for name in of) for key, of in names.items() if of <= counts.keys()}
