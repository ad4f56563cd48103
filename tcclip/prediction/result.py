"""What is said of a video, on the screen and in a CSV."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import IO

COLUMNS = ("video", "rank", "label", "class", "score", "percent", "defect")
HEAD = ",".join(COLUMNS)  # how a table begins


@dataclass(frozen=True)
class Prediction:
    """The best classes of a video, best first; of a broken one there are none, and `defect` is the reason."""

    video: str  # as it was named
    classes: tuple[str, ...] = ()
    labels: tuple[int, ...] = ()  # where they stand in the list of class names, from 0
    scores: tuple[float, ...] = ()  # sums over views, as in a run's predictions/*.parquet
    probabilities: tuple[float, ...] = ()  # means over views, which add up to 1 over all classes
    defect: str = ""  # what is wrong with the file; a video that is shorter than announced has classes all the same

    @property
    def broken(self) -> bool:
        """Whether there is nothing to predict from."""
        return not self.classes


def lines(found: Prediction) -> list[str]:
    """A video and its classes for the screen."""
    if found.broken:
        return [f"{found.video}: {found.defect}"]
    note = f" ({found.defect})" if found.defect else ""
    ranks = zip(found.probabilities, found.classes, strict=True)
    return [f"{found.video}{note}", *(f"  {100 * share:5.1f} %  {name}" for share, name in ranks)]


class PredictionTable:
    """A CSV with a row for every class that is told of a video, and one without a class for a broken video."""

    def __init__(self, file: IO[str]) -> None:
        self._file, self._rows = file, csv.writer(file, lineterminator="\n")
        self._rows.writerow(COLUMNS)

    def add(self, found: Prediction) -> None:
        """Write a video's rows; what is written stays if the program is stopped."""
        if found.broken:
            self._rows.writerow([found.video, "", "", "", "", "", found.defect])
        told = zip(found.labels, found.classes, found.scores, found.probabilities, strict=True)
        for rank, (label, name, score, share) in enumerate(told, start=1):
            self._rows.writerow([found.video, rank, label, name, repr(score), f"{100 * share:.2f}", found.defect])
        self._file.flush()
