"""What a run's predictions say of each video: right or not."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet

from tcclip.params.column import Metric

COLUMN_OF: dict[str, str] = {"top1": "correct1", "top5": "correct5"}


@dataclass(frozen=True)
class Right:
    """The videos of an evaluation, and whether its metric counts them."""

    videos: tuple[str, ...]
    right: np.ndarray  # bool (V,)


def read_right(path: Path, metric: Metric | str) -> Right | None:
    """Of one evaluation's predictions; None where they are not there, or say nothing about the metric."""
    column = COLUMN_OF.get(metric)
    if column is None or not path.is_file():
        return None
    with pyarrow.parquet.ParquetFile(path) as file:
        if column not in file.schema_arrow.names:
            return None
        table = file.read(columns=["video", column])
    return Right(tuple(table["video"].to_pylist()), table[column].to_numpy())
