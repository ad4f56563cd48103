"""Which texts of a dataset are still to be written, and the prompts that ask a language model for them."""

from __future__ import annotations

import re
from pathlib import Path

from tcclip.data.splits.split_tables import read_classes
from tcclip.data.texts.descriptors import USUAL
from tcclip.data.texts.prompts import prompts
from tcclip.data.texts.strict_reader import looked_at, videos_of
from tcclip.errors import UserError
from tcclip.params.dataset import Dataset, Generated
from tcclip.params.reader import path_of
from tcclip.params.texts import OF_VIDEOS, TextKind
from tcclip.plan import layout
from tcclip.plan.texts import FOLDERS, source
from tcclip.process.files import write_text


def write_prompts(dataset: Dataset, kind: TextKind, count: int = USUAL) -> tuple[list[Path], int]:
    """Write the prompts that ask for what a dataset lacks, or has wrong, of a kind, over those of before.

    Their files, and for how many names they are.
    """
    check_ones_own(dataset, kind)
    folder = layout.given_texts(dataset.name) / "prompts"
    for old in folder.glob(f"{kind}-*.txt"):
        if re.fullmatch(rf"{kind}-\d+\.txt", old.name):  # and not an answer that somebody has saved beside
            old.unlink()
    names = lacking(dataset, kind)
    texts = prompts(dataset.name, kind, names, count)
    digits = len(str(len(texts)))
    paths = [folder / f"{kind}-{number:0{digits}d}.txt" for number in range(1, len(texts) + 1)]
    for path, text in zip(paths, texts, strict=True):
        write_text(path, text)
    return paths, len(names)


def lacking(dataset: Dataset, kind: TextKind) -> list[str]:
    """The classes (or the videos that are trained on) without right texts; UserError where a whole file is wrong."""
    if kind == OF_VIDEOS:
        texts, _ = looked_at(dataset, kind)
        return [video for video in videos_of(dataset) if video not in texts]
    names: dict[str, None] = {}
    for class_list in own_lists(dataset, kind):
        there = kind in FOLDERS or all(path.is_file() for path in source(dataset, kind, class_list).paths)
        texts = looked_at(dataset, kind, class_list)[0] if there else {}
        of_list = read_classes(layout.classes(dataset.name, class_list))
        names |= dict.fromkeys(name for name in of_list if name not in texts)
    return list(names)


def own_lists(dataset: Dataset, kind: TextKind) -> list[str]:
    """The class lists that have files of their own; the others take their classes from these."""
    return [name for name in dataset.all_class_lists if source(dataset, kind, name).of == name]


def check_ones_own(dataset: Dataset, kind: TextKind) -> None:
    """UserError where the texts of a kind are made or fetched: what somebody writes would not be read."""
    again = f"`tcclip texts check {dataset.name} {kind}`"
    if isinstance(dataset, Generated):
        raise UserError(f"the texts of {dataset.name} are generated: {again} writes them")
    if kind not in FOLDERS and any(source(dataset, kind, name).fetched for name in dataset.all_class_lists):
        raise UserError(
            f"the {kind} of {dataset.name} are fetched: {again} does it; to use yours, remove `{kind}` below `texts` "
            f"in {path_of('datasets', dataset.name)}"
        )
