"""A run of a suite, or an untrained method, as the source of a model: by its folder or its name, in a checkout."""

from __future__ import annotations

import os
from functools import cache, partial
from pathlib import Path

from tcclip.data.splits.split_tables import read_classes, read_split
from tcclip.data.texts.checked_texts import read_texts
from tcclip.errors import UserError, unknown
from tcclip.evaluation.subject import model_of
from tcclip.models.backbone import Backbone
from tcclip.models.clip_video import ClipVideo
from tcclip.params import Dataset
from tcclip.params.reader import read_yaml
from tcclip.params.texts import OutsideTexts
from tcclip.plan import Plan, layout, load_plan, texts
from tcclip.plan.runs import UNTRAINED
from tcclip.prediction.exported import CONFIG
from tcclip.prediction.exporting import Facts, facts_of_run
from tcclip.prediction.source import Classes, Set, Source, VideoReading
from tcclip.stages.backbone import weights
from tcclip.stages.opening import class_of
from tcclip.stages.subjects import FoundRun, found_run


def source_of_run(run: str | Path, suite: str, we: bool = False) -> Source:
    """A run by its folder or its name; of a folder the suite is the one it says.

    we: its weights' ensemble with CLIP. UserError where there is no such run, or nothing to make it of.
    """
    plan, name = named_run(Path(run), suite)
    check_place(plan)
    found = found_run(plan, name)
    _check_trained(plan, found)
    backbone = Backbone.load(found.subject.backbone)
    if we and found.subject.weights is None:
        raise UserError(f"{name} is not trained: it has no weights that an ensemble could mix with CLIP's")

    def build(names: tuple[str, ...], given: OutsideTexts) -> ClipVideo:
        return model_of(found.subject, backbone, names, given, we)

    dataset = plan.dataset(found.role) if found.role else next(iter(plan.datasets.values()))
    return Source(
        subject=found.subject,
        views=found.protocol.views,
        size=backbone.config.image_size,
        reading=_reading(dataset),
        tokens=backbone.tokens,
        build=build,
        own=cache(partial(_own, plan, found)),
        dataset=partial(_dataset, plan, found),
        facts=partial(_facts, plan, found, we),
        truth=partial(class_of, plan),
    )


def check_place(plan: Plan) -> None:
    """UserError where the working directory is no checkout: what is lacking there is nothing to be made there."""
    if Path("params").is_dir() or os.environ.get("TCCLIP_PARAMS") or weights(plan).is_file():
        return
    raise UserError(
        f"{Path.cwd()} is not the checkout's folder, which has params/ and data/: go there; a folder that `tcclip "
        "export` has written is predicted from anywhere"
    )


def _check_trained(plan: Plan, found: FoundRun) -> None:
    """UserError where a run of the suite's tables has no weights yet: all else that it lacks comes with them."""
    path = found.subject.weights
    if path is None or path.is_file() or found.subject.name not in plan.runs:
        return
    suite = "" if plan.suite.name == "mini" else f" --config suite={plan.suite.name}"
    raise UserError(
        f"{found.subject.name} is not trained yet: `snakemake {path}{suite}` trains it, and makes all that it needs"
    )


def named_run(run: Path, suite: str) -> tuple[Plan, str]:
    """The plan and the name of a run that is named by its folder or by its name."""
    if not run.is_dir():
        return load_plan(suite), str(run)
    if (run / CONFIG).is_file():
        raise UserError(f"{run} is an exported model and no run: name the run itself, in its checkout")
    params = run / "params.yaml"
    if not params.is_file() and not run.name.startswith(UNTRAINED):
        raise UserError(
            f"{run} has neither params.yaml, as a run's folder has it, nor {CONFIG}, as one that `tcclip export` "
            "wrote: name a run's folder, or copy the whole folder that was exported"
        )
    of_suite = read_yaml(params).get("suite") if params.is_file() else None
    plan = load_plan(str(of_suite or run.absolute().parent.name))
    if layout.run(plan.suite.name, run.name).resolve() != run.resolve():
        raise UserError(
            f"{run} is no run of the checkout that this is called in: go to the checkout's folder, or name a folder "
            "that `tcclip export` has written, which needs none"
        )
    return plan, run.name


def _own(plan: Plan, found: FoundRun) -> Classes:
    """The classes of a run's training."""
    if found.role is None or found.split is None:
        raise UserError(
            f"{found.subject.name} is not trained and has no classes of its own: name some (--classes, --class-file, "
            "--dataset; in Python a list, or dataset)"
        )
    return _classes(plan.dataset(found.role), found.split, found)


def _classes(dataset: Dataset, split: str, found: FoundRun) -> Classes:
    method = found.subject.method
    return Classes(read_classes(layout.class_file(dataset, split)), read_texts(texts.files_for(method, dataset, split)))


def _dataset(plan: Plan, found: FoundRun, role: str, split: str | None) -> Set:
    """A dataset of the suite with the class list and the videos of one of its splits."""
    dataset = plan.dataset(role)
    if split is not None and split not in dataset.all_splits:
        raise unknown(f"split of {dataset.name}", split, dataset.all_splits)
    if split is None and dataset.class_lists == "per_split":
        raise UserError(f"each split of {dataset.name} has classes of its own: name a split")
    listed = read_split(layout.split(dataset.name, split)) if split else []
    classes = _classes(dataset, split or dataset.splits[0], found)
    return Set(classes, layout.frames(dataset.name), _reading(dataset), tuple(video for video, _ in listed))


def _reading(dataset: Dataset) -> VideoReading:
    return VideoReading(dataset.frames, dataset.format, layout.raw(dataset.name) / "videos")


def _facts(plan: Plan, found: FoundRun, we: bool) -> Facts:
    dataset = plan.dataset(found.role) if found.role else None
    return facts_of_run(plan.suite, found, dataset, we)
