"""Texts from outside, checked and written beside the class lists: fetched for a release, made for the mini suite.

`tcclip texts ask` and `tcclip texts take` are not called by any rule: they are for people who want such texts.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from tcclip.errors import UserError, unknown
from tcclip.params import Dataset, load_dataset
from tcclip.params.dataset import Generated, Own, Release
from tcclip.params.reader import flat
from tcclip.params.texts import KINDS, OF_VIDEOS, TextKind
from tcclip.plan import Plan, layout
from tcclip.plan.texts import FOLDERS, kinds_needed, source
from tcclip.process.console import stage
from tcclip.process.options import Log
from tcclip.stages import fingerprint
from tcclip.stages.depends import require

CODE = ("tcclip.data.texts.strict_reader", "tcclip.data.texts.checked_texts")
GENERATOR = "tcclip.mini.texts"
OWN_GENERATORS = {"diagnostic": "tcclip.mini.diagnostic.texts"}  # of roles whose classes are others'

app = typer.Typer()
group = typer.Typer(no_args_is_help=True, help="Texts from outside: what somebody has written of classes and videos.")
app.add_typer(group, name="texts")


def inputs(dataset: Dataset, kinds: list[TextKind]) -> list[Path]:
    """Class lists, what is written by hand or by a language model, and for words of videos the videos' lists.

    Of a folder with a file for each video no file is watched: after a change of those call `tcclip texts check`.
    """
    found = [layout.classes(dataset.name, name) for name in dataset.all_class_lists]
    if OF_VIDEOS in kinds:
        found += [layout.manifest(dataset.name), *(layout.split(dataset.name, split) for split in dataset.all_splits)]
    return [*found, *_written(dataset, kinds)]


def _written(dataset: Dataset, kinds: list[TextKind]) -> list[Path]:
    """Files that somebody has put there; where one is missing it is the stage that says so."""
    if isinstance(dataset, Generated):
        return []
    found: dict[Path, None] = {}
    for kind in kinds:
        for class_list in dataset.all_class_lists if kind != OF_VIDEOS else []:
            given = source(dataset, kind, class_list)
            if not given.fetched:
                found |= dict.fromkeys(
                    given.paths if kind not in FOLDERS else sorted(given.paths[0].rglob("[!.]*.txt"))
                )
    return [path for path in found if path.is_file()]


def outputs(dataset: Dataset, kinds: list[TextKind]) -> list[Path]:
    """The checked texts of every class list, and those of the videos."""
    paths = (layout.texts(dataset.name, kind, name) for kind in kinds for name in dataset.all_class_lists)
    return list(dict.fromkeys(paths))


def settings(dataset: Dataset, kinds: list[TextKind]) -> dict[str, Any]:
    """Which files are read, what is in those that somebody has put there, and what a generated dataset is made of."""
    generate = dataset.generate.model_dump() if isinstance(dataset, Generated) else {}
    named = dataset.texts.model_dump()
    which = flat({"texts": {kind: named[kind] for kind in kinds}, "generate": generate})
    return which | fingerprint.given(_written(dataset, kinds))


def code(dataset: Dataset) -> str:
    """Fingerprint of the reader's code, and for a generated dataset of what writes its texts."""
    return fingerprint.code(*CODE, *([generator(dataset)] if isinstance(dataset, Generated) else []))


def generator(dataset: Generated) -> str:
    """The module that writes a generated dataset's texts."""
    return OWN_GENERATORS.get(dataset.generate.role, GENERATOR)


def files(plan: Plan) -> list[Path]:
    """All checked texts that the suite's runs need."""
    return [path for name, kinds in kinds_needed(plan).items() for path in outputs(plan.datasets[name], kinds)]


Kinds = Annotated[list[str] | None, typer.Argument(metavar="[KIND]...", help=", ".join(KINDS))]


@group.command()
def check(dataset: str, kinds: Kinds = None, log: Log = None) -> None:
    """Read a dataset's texts strictly and write what is right beside its class lists; says the first mistake."""
    with stage(f"texts of {dataset}", log) as report:
        from tcclip.data.texts.checked_texts import write_texts
        from tcclip.data.texts.strict_reader import read_given

        of_dataset = load_dataset(dataset)
        require(inputs(of_dataset, []), f"tcclip splits {dataset}")
        counts = []
        for kind in asked_kinds(of_dataset, kinds or []):
            _provide(of_dataset, kind)
            lists = of_dataset.all_class_lists if kind != OF_VIDEOS else ["all"]
            for class_list in lists:
                texts = read_given(of_dataset, kind, class_list)
                write_texts(layout.texts(dataset, kind, class_list), texts)
            counts.append(
                f"{kind} of {len(lists)} class lists" if kind != OF_VIDEOS else f"{kind} of {len(texts)} videos"
            )
        report(", ".join(counts))


def asked_kinds(dataset: Dataset, words: list[str]) -> list[TextKind]:
    """The kinds that are asked for, or all that the dataset has."""
    for word in words:
        if word not in KINDS:
            raise unknown("kind of texts", word, KINDS)
    found = [kind for kind in KINDS if (kind in words if words else _is_there(dataset, kind))]
    if not found:
        raise UserError(
            f"{dataset.name} has no texts yet: `tcclip texts ask {dataset.name} {KINDS[0]}` writes prompts for them"
        )
    return found


def _is_there(dataset: Dataset, kind: TextKind) -> bool:
    if isinstance(dataset, Own):
        return any(path.exists() for name in dataset.all_class_lists for path in source(dataset, kind, name).paths)
    return dataset.has_texts(kind)


def _provide(dataset: Dataset, kind: TextKind) -> None:
    """Make the texts of a generated dataset, and fetch those of a release."""
    if isinstance(dataset, Generated):
        from tcclip.data.splits.split_tables import read_classes
        from tcclip.data.texts.strict_reader import classes_of_videos
        from tcclip.mini.texts import write

        made = import_module(generator(dataset))
        if kind == OF_VIDEOS:
            contents = made.video_words(dataset.generate, classes_of_videos(dataset))
        else:
            own = [name for name in dataset.all_class_lists if source(dataset, kind, name).of == name]
            lists = {name: read_classes(layout.classes(dataset.name, name)) for name in own}
            contents = {path: text for name in own for path, text in made.class_texts(kind, name, lists[name]).items()}
        write(layout.given_texts(dataset.name), contents)
    elif isinstance(dataset, Release) and any(source(dataset, kind, name).fetched for name in dataset.all_class_lists):
        from tcclip.data.release.download import download

        assert kind == "rephrased" or kind == "descriptors"  # what is fetched
        download(dataset, layout.text_downloads(dataset.name, kind), kind)


Count = Annotated[
    int, typer.Option(min=1, help="descriptors of each of the two types; the files that are there decide")
]


@group.command()
def ask(dataset: str, kind: str, count: Count = 4) -> None:
    """Write prompts that ask a language model for the texts that a dataset lacks, or has wrong."""
    with stage(f"prompts for texts of {dataset}", None) as report:
        from tcclip.data.texts.unwritten import write_prompts

        of_dataset = load_dataset(dataset)
        (of_kind,) = asked_kinds(of_dataset, [kind])
        require(inputs(of_dataset, [of_kind] if of_kind == OF_VIDEOS else []), f"tcclip splits {dataset}")
        paths, names = write_prompts(of_dataset, of_kind, count)
        print("\n".join(str(path) for path in paths))
        what = "videos" if of_kind == OF_VIDEOS else "classes"
        answer = "give each to a language model, save its answer in a file and call `tcclip texts take FILE`"
        done = f"nothing to ask: all {what} have right {of_kind}; `tcclip texts check {dataset} {of_kind}` reads them"
        report(f"{len(paths)} prompts for {names:,} {what}: {answer}" if paths else done)


@group.command()
def take(file: Path) -> None:
    """Check a language model's answer to a prompt, and put it into the files of its dataset."""
    with stage(f"answer {file}", None) as report:
        from tcclip.data.texts.take_answer import take as take_answer

        report(take_answer(file))
