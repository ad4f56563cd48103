"""Texts from outside in the plan: which a run needs, which a suite has, and the files that they are read from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tcclip.params import Dataset, Method, Suite
from tcclip.params.dataset import Own, Release
from tcclip.params.release import split_files
from tcclip.params.texts import KINDS, OF_VIDEOS, Descriptors, TextKind
from tcclip.plan import layout

if TYPE_CHECKING:
    from tcclip.plan.plan import Plan

ALL = "all"  # the class list that others take their classes from
FOLDERS: tuple[TextKind, ...] = ("class_words", OF_VIDEOS)  # kinds with a file for each class or video


@dataclass(frozen=True)
class TextSource:
    """Where texts are read from."""

    paths: tuple[Path, ...]  # of descriptors the spatial and the temporal ones; of words a folder
    of: str  # the class list that the file counts
    fetched: bool = False  # files of params/split_files.csv


def used(suite: Suite, dataset: Dataset, kind: TextKind) -> bool:
    """Whether a suite uses texts of a kind; those of a dataset of one's own are there because somebody wants them."""
    return isinstance(dataset, Own) or kind in suite.texts


def files_for(method: Method, dataset: Dataset, split: str, training: bool = False) -> dict[TextKind, Path]:
    """The files of checked texts that a method needs of a split."""
    kinds = method.outside_of_training if training else method.outside
    return {kind: layout.texts(dataset.name, kind, dataset.class_list(split)) for kind in kinds}


def source(dataset: Dataset, kind: TextKind, class_list: str) -> TextSource:
    """Where the texts of a class list are read from: what the dataset's file names, or the place below data/texts/."""
    named = getattr(dataset.texts, kind)
    if kind in FOLDERS:
        return TextSource((Path(named).expanduser() if named else layout.given_texts(dataset.name) / kind,), class_list)
    of = ALL if class_list in ("base", "novel") and class_list not in named else class_list
    if of not in named:
        return TextSource(_place(dataset.name, kind, of), of)
    names = _names(named[of])
    fetched = _fetched(dataset, kind)
    if all(name in fetched for name in names):
        return TextSource(tuple(fetched[name] for name in names), of, fetched=True)
    return TextSource(tuple(Path(name).expanduser() for name in names), of)


def _names(named: str | Descriptors) -> list[str]:
    return [named.spatial, named.temporal] if isinstance(named, Descriptors) else [named]


def _fetched(dataset: Dataset, kind: TextKind) -> dict[str, Path]:
    """The texts of a release that are fetched, by their names in the dataset's file."""
    if not isinstance(dataset, Release) or kind == "class_words" or kind == "video_words":  # which nobody publishes
        return {}
    folder = layout.text_downloads(dataset.name, kind)
    return {file.name.partition("/")[2]: folder / file.name for file in split_files(dataset.name, kind)}


def _place(dataset: str, kind: TextKind, class_list: str) -> tuple[Path, ...]:
    """Where the texts of a class list are put."""
    folder = layout.given_texts(dataset) / kind
    if kind == "descriptors":
        return folder / f"{class_list}.spatial.json", folder / f"{class_list}.temporal.json"
    return (folder / f"{class_list}.json",)


def kinds_needed(plan: Plan) -> dict[str, list[TextKind]]:
    """The kinds of texts that some run of the plan needs, by dataset."""
    found: dict[str, set[TextKind]] = {}
    for run in plan.runs.values():
        method = plan.method(run.method)
        if not method.outside_of_training:
            continue
        if run.role:
            found.setdefault(plan.dataset(run.role).name, set()).update(method.outside_of_training)
        for evaluation in plan.evaluations(run.name):
            found.setdefault(plan.dataset(evaluation.role).name, set()).update(method.outside)
    return {name: [kind for kind in KINDS if kind in kinds] for name, kinds in found.items() if kinds}
