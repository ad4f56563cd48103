"""A language model's answer, checked and put into the files of its dataset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tcclip.data.splits.split_tables import read_classes
from tcclip.data.texts import answer_files, descriptors, rephrased, words
from tcclip.data.texts.answers import in_spelling, read_answer, tidied
from tcclip.data.texts.faults import Fault, Wanted
from tcclip.data.texts.files import read_object
from tcclip.data.texts.strict_reader import videos_of
from tcclip.data.texts.unwritten import check_ones_own, lacking, own_lists
from tcclip.data.texts.word_files import file_of
from tcclip.errors import UserError
from tcclip.params import load_dataset
from tcclip.params.dataset import Dataset
from tcclip.params.reader import path_of
from tcclip.params.texts import OF_VIDEOS, TextKind
from tcclip.plan import layout
from tcclip.plan.texts import FOLDERS, source


def take(path: Path) -> str:
    """Put what is right of an answer into place; says what is still to be asked for.

    What was right before and is not in the answer stays. UserError names the first text that is wrong.
    """
    answer = read_answer(path)
    dataset, kind = load_dataset(answer.dataset), answer.kind
    check_ones_own(dataset, kind)
    videos = videos_of(dataset) if kind == OF_VIDEOS else {}
    lists = [] if kind == OF_VIDEOS else own_lists(dataset, kind)
    classes = {name: read_classes(layout.classes(dataset.name, name)) for name in lists}
    names = list(videos) or list(dict.fromkeys(name for of_list in classes.values() for name in of_list))
    given = {name: tidied(kind, name, value) for name, value in in_spelling(answer.texts, names, path).items()}
    right, faults = _judged(dataset, kind, names, given, path)
    if kind == OF_VIDEOS:
        folder = source(dataset, kind, "all").paths
        of_files = {file_of(videos[name]): value for name, value in right.items()}
        answer_files.put(kind, folder, Wanted(dataset.name, kind, (), path), of_files)
    for class_list, of_list in classes.items():
        wanted = Wanted(dataset.name, kind, of_list, layout.classes(dataset.name, class_list))
        some = {name: value for name, value in right.items() if name in of_list}
        answer_files.put(kind, source(dataset, kind, class_list).paths, wanted, some)
    if faults:
        more = f" (and {len(faults) - 1:,} more mistakes)" if len(faults) > 1 else ""
        raise UserError(f"{len(right):,} taken, but {faults[0]}{more}")
    return f"{len(right):,} taken; {_what_is_left(dataset, kind)}"


def _what_is_left(dataset: Dataset, kind: TextKind) -> str:
    if left := lacking(dataset, kind):
        return f"{len(left):,} are still missing, for which `tcclip texts ask {dataset.name} {kind}` writes prompts"
    said = f"all are there: `tcclip texts check {dataset.name} {kind}` reads them"
    if dataset.has_texts(kind):
        return said
    line = f"`{kind}: {_as_named(dataset, kind)}` below `texts:`"
    return f"{said}, and {line} in {path_of('datasets', dataset.name)} uses them"


def _as_named(dataset: Dataset, kind: TextKind) -> str:
    """How a dataset's file names the files that answers are put into."""
    if kind in FOLDERS:
        return str(source(dataset, kind, "all").paths[0])
    named = []
    for class_list in own_lists(dataset, kind):
        first, *second = source(dataset, kind, class_list).paths
        named.append(f"{class_list}: " + (f"{{spatial: {first}, temporal: {second[0]}}}" if second else str(first)))
    return f"{{{', '.join(named)}}}"


def _judged(
    dataset: Dataset, kind: TextKind, names: Sequence[str], given: Mapping[str, Any], path: Path
) -> tuple[dict[str, Any], list[Fault]]:
    """The answers that are right, as their files have them, and what is wrong with the others."""
    wanted = Wanted(dataset.name, kind, tuple(names), path)
    again = (
        f"put it right there and take it again, or `tcclip texts ask {dataset.name} {kind}` asks for what is missing"
    )

    def where(name: str, said: str) -> Fault:
        return Fault(str(path), name, said, again)

    match kind:
        case "rephrased":
            found, faults = rephrased.judged(given, wanted, where)
            return {name: text for name, (text,) in found.items()}, faults
        case "descriptors":
            count = _count(dataset, kind, given)
            by_form, faults = {}, []
            for form in descriptors.FORMS:
                values = {name: value.get(form) for name, value in given.items()}
                by_form[form], more = descriptors.judged(form, values, count, wanted, where)
                faults += more
            both = descriptors.both(by_form, given)
            return {name: {form: list(by_form[form][name]) for form in descriptors.FORMS} for name in both}, faults
        case _:
            return words.judged(kind, given, where)


def _count(dataset: Dataset, kind: TextKind, given: Mapping[str, Any]) -> int:
    """How many descriptors a class has: as in the files that are there, or else as in most of the answer."""
    for class_list in own_lists(dataset, kind):
        spatial = source(dataset, kind, class_list).paths[0]
        classes = layout.classes(dataset.name, class_list)
        if spatial.is_file():
            there = read_object(spatial, Wanted(dataset.name, kind, read_classes(classes), classes))
            if there:
                return descriptors.usual_count(there.values())
    return descriptors.usual_count(of_form for value in given.values() for of_form in value.values())
