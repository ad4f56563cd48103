"""The lists that the paper's datasets were published with, as far as tests/data has them (its README says which)."""

from __future__ import annotations

import csv
import tarfile
from pathlib import Path

DATA = Path(__file__).parents[1] / "data" / "lists"
MADE = ("train.txt", "validation.txt")  # of Something-Something v2: composed here, their bytes are not the published


def unpack(folder: Path) -> Path:
    """Fill `folder` with labels/*.csv and datasets_splits/*/*.txt."""
    for archive in sorted(DATA.glob("*.tar.xz")):
        with tarfile.open(archive) as tar:
            tar.extraction_filter = getattr(tarfile, "data_filter", None)  # Python 3.11.3 and older have none
            tar.extractall(folder)
    _compose_ssv2(folder / "datasets_splits", folder / "labels")
    return folder


def _compose_ssv2(splits: Path, labels: Path) -> None:
    """The two lists of all 174 classes from those of the base and novel ones; novel training videos by number only."""
    names, base, novel = (_names(labels / f"ssv2_{part}labels.csv") for part in ("", "174_base_", "174_novel_"))
    base_labels, novel_labels = ([names.index(name) for name in part] for part in (base, novel))
    train = [
        (f"{video}.webm", base_labels[new]) for video, new in _rows(splits.parent / "ssv2_base_train_by_number.txt")
    ]
    counts = map(int, (DATA / "ssv2_novel_train_counts.txt").read_text().split())
    for label, count in zip(novel_labels, counts, strict=True):
        train += [(f"novel-{label}-{number}.webm", label) for number in range(count)]
    below = splits / "base2novel_splits/ssv2_splits"
    validation = [(video, base_labels[new]) for video, new in _rows(below / "base_val.txt")]
    validation += [(video, novel_labels[new]) for video, new in _rows(below / "novel_val.txt")]
    for name, rows in zip(MADE, (train, validation), strict=True):
        (splits / "ssv2_splits" / name).write_text("".join(f"{video} {label}\n" for video, label in rows))


def _names(path: Path) -> list[str]:
    with open(path, newline="", encoding="utf-8") as file:
        return [row["name"] for row in csv.DictReader(file)]


def _rows(path: Path) -> list[tuple[str, int]]:
    pairs = (line.rsplit(" ", 1) for line in path.read_text(encoding="utf-8").splitlines())
    return [(video, int(label)) for video, label in pairs]
