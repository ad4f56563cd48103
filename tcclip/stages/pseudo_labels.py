"""Labels of training videos by a model that is not trained, and the training lists of the surest (methods.md 3.8).

Of a suite none where no run's protocol has `pseudo_labels`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tcclip.errors import UserError, unknown
from tcclip.params.depends import NOT_EVALUATED, machine_settings
from tcclip.params.reader import flat, path_of
from tcclip.plan import Plan, layout, load_plan
from tcclip.plan.labelling import Labelling, kept_list, label_shard, labellings, shards_of
from tcclip.process import launch
from tcclip.process.console import stage
from tcclip.process.files import short_hash
from tcclip.process.options import Gpus, Log, SuiteName, gpu_count, on_the_cpu, typed
from tcclip.stages import backbone, fingerprint
from tcclip.stages.depends import made_by_snakemake, modules_for, require

if TYPE_CHECKING:
    from tcclip.pseudo_labels.label import LabellingJob

CODE = ("tcclip.pseudo_labels.label",)
CODE_OF_LISTS = ("tcclip.pseudo_labels.keep",)
HEAVY = CODE

app = typer.Typer()


def inputs(plan: Plan, labelling: Labelling) -> list[Path]:
    """The split, its class list and frames, and CLIP's weights."""
    dataset = plan.dataset(labelling.role)
    return [
        layout.split(dataset.name, labelling.split),
        layout.classes(dataset.name, dataset.class_list(labelling.split)),
        layout.frames_index(dataset.name),
        backbone.weights(plan),
    ]


def outputs(plan: Plan, labelling: Labelling, number: int | str) -> list[Path]:
    """The labels of one job's videos; `number` may be a wildcard."""
    return [label_shard(plan, labelling, number)]


def settings(plan: Plan, labelling: Labelling) -> dict[str, Any]:
    """Labels depend on how the method sees videos and reads names, and on how many jobs share them."""
    method = plan.method(labelling.method)
    return flat(
        {
            "method": method.model_dump(mode="json", exclude=NOT_EVALUATED | {"we", "views"}),
            "frames": labelling.frames,
            "shards": shards_of(plan.dataset(labelling.role)),
            "machine": machine_settings(plan.suite.machine, method),
        }
    )


def code(plan: Plan, labelling: Labelling) -> str:
    """Fingerprint of the stage's code and of the method's kinds."""
    return fingerprint.code(*modules_for(CODE, plan.method(labelling.method), without=NOT_EVALUATED))


def code_of_lists() -> str:
    """Fingerprint of the code that makes the lists."""
    return fingerprint.code(*CODE_OF_LISTS)


def all_shards(plan: Plan, labelling: Labelling) -> list[Path]:
    """The labels of all videos of a split."""
    return [label_shard(plan, labelling, number) for number in range(shards_of(plan.dataset(labelling.role)))]


def list_inputs(plan: Plan, labelling: Labelling) -> list[Path]:
    """All labels, and the split that they are of."""
    split = layout.split(plan.dataset(labelling.role).name, labelling.split)
    return [*all_shards(plan, labelling), split]


def lists(plan: Plan) -> Iterator[tuple[Labelling, float, Path]]:
    """The training lists that the suite's runs need: who labels, the share that is kept, the file."""
    for labelling, shares in labellings(plan).items():
        for keep in shares:
            yield labelling, keep, kept_list(plan, labelling, keep)


def labelling_job(plan: Plan, labelling: Labelling, numbers: list[int], device: str) -> LabellingJob:
    """From the plan to a job that labels some shards."""
    from tcclip.pseudo_labels.label import LabellingJob

    dataset, files = plan.dataset(labelling.role), inputs(plan, labelling)
    made = [settings(plan, labelling), code(plan, labelling), fingerprint.data(files)]
    return LabellingJob(
        method=plan.method(labelling.method),
        backbone=layout.backbone(plan.suite.backbone.name),
        split=files[0],
        classes=files[1],
        frames=layout.frames(dataset.name),
        count=labelling.frames,
        shards=shards_of(dataset),
        out={number: label_shard(plan, labelling, number) for number in numbers},
        machine=plan.suite.machine,
        max_missing=dataset.max_missing,
        made_by=short_hash(made),
        device=device,
    )


def of_dataset(plan: Plan, dataset: str, name: str | None = None) -> list[Labelling]:
    """What is labelled of a dataset's videos, or that of a name alone; UserError where it is nothing."""
    if dataset not in plan.datasets:
        raise unknown(f"dataset of suite {plan.suite.name}", dataset, plan.datasets)
    found = {one.name: one for one in labellings(plan) if plan.dataset(one.role).name == dataset}
    if not found:
        raise UserError(
            f"no run of suite {plan.suite.name} trains on pseudo-labels of {dataset}: `pseudo_labels` of a method's "
            f"protocols asks for them (params/methods/maxi-common.yaml), where a table has the method"
        )
    if name is not None and name not in found:
        raise unknown(f"labelling of {dataset}", name, found)
    return [found[name]] if name else list(found.values())


Only = Annotated[str | None, typer.Option("--only", metavar="NAME", help="SPLIT-METHOD-FRAMESf; else all of them")]


@app.command("pseudo-labels")
def pseudo_labels(
    dataset: str,
    shard: Annotated[int | None, typer.Argument(help="one part of the videos; else all that are not labelled")] = None,
    suite: SuiteName = "mini",
    only: Only = None,
    gpus: Gpus = None,
    log: Log = None,
) -> None:
    """Label the training videos of a dataset by CLIP as it is, or go on with that; then write the training lists.

    With SHARD that part alone is labelled, and no list is written (`tcclip pseudo-lists` does).
    """
    with stage(f"pseudo-labels of {dataset}" + ("" if shard is None else f", shard {shard:04d}"), log) as report:
        from tcclip.pseudo_labels.label import label_videos

        plan = load_plan(suite)
        count = gpu_count(gpus, plan.suite.machine.gpus)
        words = ["tcclip", "pseudo-labels", dataset, *([] if shard is None else [str(shard)])]
        instead = on_the_cpu([*words, *typed(None, suite=suite, only=only, gpus="0")], path_of("suites", suite))
        device, told = launch.take_device(count, instead), []
        for labelling in of_dataset(plan, dataset, only):
            require(inputs(plan, labelling), made_by_snakemake(inputs(plan, labelling), suite))
            shards = shards_of(plan.dataset(labelling.role))
            if shard is not None and shard not in range(shards):
                raise UserError(f"{dataset} is labelled in {shards} shards: their numbers are 0 to {shards - 1}")
            numbers = list(range(shards)) if shard is None else [shard]
            job = labelling_job(plan, labelling, numbers, device)
            told.append(launch.run(count, label_videos, job, instead=instead))
            if shard is None and launch.is_rank_zero():
                told += write_lists(plan, labelling)
        report("; ".join(told))


@app.command("pseudo-lists")
def pseudo_lists(
    dataset: str,
    suite: SuiteName = "mini",
    only: Only = None,
    keep: Annotated[float | None, typer.Option(help="another share of the videos than the plan's")] = None,
    log: Log = None,
) -> None:
    """Write the training lists of the videos that are surest of their pseudo-labels."""
    with stage(f"training lists with pseudo-labels of {dataset}", log) as report:
        plan = load_plan(suite)
        if keep is not None and not 0 < keep <= 1:
            raise UserError(f"--keep must be a share above 0, at most 1 (got {keep:g})")
        told = [line for labelling in of_dataset(plan, dataset, only) for line in write_lists(plan, labelling, keep)]
        report("; ".join(told))


def write_lists(plan: Plan, labelling: Labelling, keep: float | None = None) -> list[str]:
    """The lists of a labelling with the plan's shares, or with one share; a line about each."""
    from tcclip.pseudo_labels.keep import write_list

    dataset, shards = plan.dataset(labelling.role), all_shards(plan, labelling)
    require(shards, f"tcclip pseudo-labels {dataset.name} --suite {plan.suite.name}")
    split = layout.split(dataset.name, labelling.split)
    shares = labellings(plan)[labelling] if keep is None else [keep]
    return [write_list(shards, split, share, kept_list(plan, labelling, share)) for share in shares]
