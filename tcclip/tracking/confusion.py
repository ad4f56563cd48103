"""A confusion matrix as MLflow shows it: a table of what occurs, and a picture whose cells say their class names.

The report draws the same matrix with matplotlib (`reporting.figures`) into a PNG, which cannot say a cell's names and
numbers when the pointer rests on it; of 400 classes no other way shows them.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from markupsafe import Markup

from tcclip.data.splits.split_tables import read_classes
from tcclip.process.files import csv_text
from tcclip.reporting.html import templates
from tcclip.reporting.per_class import confusion

TEMPLATES = templates(Path(__file__).with_name("templates"))
WIDTH = 720  # pixels of the matrix; a cell is at most LARGEST
LARGEST = 36
NAMED = 120  # more classes than this have no room for their names beside the matrix


def confusions(predictions: Path, class_lists: Mapping[str, Path]) -> dict[str, str]:
    """Artifact path -> text: every evaluation whose predictions are in the folder, as a table and as a picture.

    Args:
        class_lists: evaluation -> the class list (label, name) its labels are of.
    """
    found: dict[str, str] = {}
    for name, path in class_lists.items():
        file = predictions / f"{name}.parquet"
        if file.is_file():
            names = _names(path, path.stat().st_mtime_ns)
            # Without threads, and without looking for partitions: a file is a few hundred lines.
            table = pq.ParquetFile(file).read(columns=["label", "top5_classes"], use_threads=False)
            counts = confusion(table.to_pandas(use_threads=False), len(names))
            found[f"confusion/{name}.csv"] = as_csv(counts, names)
            found[f"confusion/{name}.html"] = as_html(counts, names, name)
    return found


@functools.cache
def _names(path: Path, _written: int) -> tuple[str, ...]:
    """The names of a class list, which hundreds of evaluations share."""
    return read_classes(path)


def as_csv(counts: np.ndarray, names: Sequence[str]) -> str:
    """Lines class, predicted, n_videos, percent_of_class; pairs that never occur have none."""
    true, predicted = counts.nonzero()
    videos = counts[true, predicted]
    percent = np.round(100 * videos / counts.sum(axis=1)[true], 2)
    columns = (true.tolist(), predicted.tolist(), videos.tolist(), percent.tolist())
    rows = ((names[i], names[j], number, share) for i, j, number, share in zip(*columns, strict=True))
    return csv_text(("class", "predicted", "n_videos", "percent_of_class"), rows)


def as_html(counts: np.ndarray, names: Sequence[str], title: str) -> str:
    """One row per class, one column per predicted class; the darker, the larger the share of the class's videos.

    Its script draws the cells from their numbers: written out, those of 400 classes are 1.5 MB, and a suite has
    evaluations by the thousand.
    """
    size = min(LARGEST, WIDTH / len(names))
    side = size * len(names)
    named = len(names) <= NAMED
    left, top = (220, 160) if named else (10, 10)
    beside = [
        {"text": name, "along_x": f"{left + (i + 0.7) * size:.1f}", "along_y": f"{top + (i + 0.7) * size:.1f}"}
        for i, name in enumerate(names if named else ())
    ]
    data = {
        "names": list(names),
        "videos": counts.sum(axis=1).tolist(),  # of a class
        "rows": [np.stack([row.nonzero()[0], row[row > 0]], axis=1).ravel().tolist() for row in counts],
        "left": left,
        "top": top,
        "size": size,
    }
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")  # ends no element
    return TEMPLATES.get_template("confusion.html").render(
        title=title,
        data=Markup(text),
        names=beside,
        left=left,
        top=top,
        side=f"{side:.1f}",
        width=f"{left + side + 160:.0f}",
        height=f"{top + side + 10:.0f}",
        font=f"{max(5.0, min(12.0, 0.8 * size)):.0f}",
    )
