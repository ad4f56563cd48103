"""What a run's predictions say of each video: right or not."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet

from tcclip.params.column import Metric
from tcclip.params.dataset import Dataset
from tcclip.statistics.recordings import recordings

COLUMN_OF: dict[str, str] = {"top1": "correct1", "top5": "correct5"}


@dataclass(frozen=True)
class Right:
    """Of the videos of an evaluation, what each is drawn with, and whether its metric counts it."""

    units: tuple[str, ...]  # the video itself, or the recording that it is a clip of
    right: np.ndarray  # bool (V,)


def read_right(path: Path, metric: Metric | str, dataset: Dataset) -> Right | None:
    """Of one evaluation's predictions; None where they are not there, or say nothing about the metric."""
    column = COLUMN_OF.get(metric)
    if column is None or not path.is_file():
        return None
    with pyarrow.parquet.ParquetFile(path) as file:
        if column not in file.schema_arrow.names:
            return None
        table = file.read(columns=["video", column])
    return Right(recordings(dataset, table["video"].to_pylist()), table[column].to_numpy())
