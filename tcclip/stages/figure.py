"""The paper's figures: attention over videos, context tokens, and what was measured (params/figures/*.yaml)."""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from tcclip.errors import UserError, unknown
from tcclip.params import PaperFigure, load_figure, load_suite
from tcclip.params.reader import names, path_of
from tcclip.params.variants import method_names
from tcclip.plan import Plan, layout, plan_with_seeds, texts
from tcclip.plan.runs import UNTRAINED
from tcclip.process import launch
from tcclip.process.console import stage
from tcclip.process.launch import GpuCount
from tcclip.process.options import Gpus, Log, Seeds, SuiteName, gpu_count, on_the_cpu, typed
from tcclip.stages import backbone, evaluate, fingerprint, table
from tcclip.stages.depends import require
from tcclip.stages.printed import printed

CODE = ("tcclip.reporting.composed_figure",)
# A trained run's name, as the plan makes it
TRAINED = re.compile(r"(?P<protocol>[^-]+)-(?P<role>[^-]+)-([kf]\d+-)?(?P<method>.+)-s\d+")

app = typer.Typer()


def planned(plan: Plan) -> list[str]:
    """The figures whose dataset, table and runs the suite has."""
    return [name for name in names("figures") if _possible(plan, load_figure(name))]


def files(plan: Plan) -> list[Path]:
    """All figures of the suite."""
    return [path for name in planned(plan) for path in outputs(plan, name)]


def inputs(plan: Plan, name: str) -> list[Path]:
    """The weights and predictions of a figure's runs, the videos of its split and their classes, and its table."""
    figure = load_figure(name)
    dataset, found = plan.dataset(figure.dataset), [backbone.weights(plan)]
    for name_of_run in figure.runs:
        run = plan.runs.get(name_of_run)
        found += _folder(plan, name_of_run) if run is None or run.trained else []
        if run is not None:
            found += evaluate.outputs(plan, run.name)
            found += texts.files_for(plan.method(run.method), dataset, figure.split).values()
    found += [layout.split(dataset.name, figure.split), layout.class_file(dataset, figure.split)]
    found += [layout.frames_index(dataset.name)]
    found += [layout.table(plan.suite.name, figure.bars)] if figure.bars else []
    return list(dict.fromkeys(found))


def gpus_of(plan: Plan, name: str) -> GpuCount:
    """How many GPUs it uses: one where the suite uses some and models look at videos."""
    figure = load_figure(name)
    return launch.at_most_one(plan.suite.machine.gpus) if figure.videos or figure.spread else 0


def outputs(plan: Plan, name: str) -> list[Path]:
    """A figure as PNG and PDF; `name` may be a wildcard."""
    png = layout.figure(plan.suite.name, name)
    return [png, png.with_suffix(".pdf")]


def settings(plan: Plan, name: str) -> dict[str, Any]:
    """A figure depends on its file and on what it prints; what its runs depend on is theirs."""
    figure = load_figure(name)
    runs = [run for run in figure.runs if run in plan.runs]
    datasets = {figure.dataset} | (table.datasets_of(plan, figure.bars) if figure.bars in plan.tables else set())
    return {"figure": figure.model_dump_json(exclude_defaults=True), "printed": printed(plan, runs, datasets)}


def code() -> str:
    """Fingerprint of the stage's code."""
    return fingerprint.code(*CODE)


Small = Annotated[Path | None, typer.Option(help="also write a small picture, as README has them", metavar="WEBP")]


@app.command()
def figure(
    name: str,
    suite: SuiteName = "mini",
    seeds: Seeds = "",
    gpus: Gpus = None,
    small: Small = None,
    log: Log = None,
) -> None:
    """Draw a figure of params/figures/ from the suite's runs."""
    with stage(name, log) as say:
        plan, wanted = plan_with_seeds(suite, seeds), load_figure(name)
        if small and small.suffix != ".webp":
            raise UserError(f"--small must end with .webp (got '{small}')")
        _check(plan, wanted)
        files = outputs(plan, name)
        require(inputs(plan, name), f"snakemake {files[0]} --config suite={suite}")
        count = launch.at_most_one(gpu_count(gpus, gpus_of(plan, name)))
        again = typed(None, suite=suite, seeds=seeds or None, gpus="0")
        instead = on_the_cpu(["tcclip", "figure", name, *again], path_of("suites", suite))
        launch.run(count, _draw, plan, wanted, launch.take_device(count, instead), instead=instead)
        say(files[0])
        if small:
            _write_small(files[0], small)


def _draw(plan: Plan, wanted: PaperFigure, device: str) -> None:
    from tcclip.data.videos.frames import open_frames
    from tcclip.reporting.composed_figure import write_figure
    from tcclip.stages.opening import open_run

    store = open_frames(layout.frames(plan.dataset(wanted.dataset).name))
    opened = functools.partial(open_run, plan, role=wanted.dataset, split=wanted.split, device=device)
    write_figure(plan, wanted, store, opened)


def _write_small(png: Path, out: Path) -> None:
    from tcclip.reporting.embedding import write_small

    write_small(png, out)


def _check(plan: Plan, figure: PaperFigure) -> None:
    """UserError that says why a suite cannot have a figure."""
    suite, path = plan.suite, path_of("figures", figure.name)
    if figure.dataset not in suite.datasets:
        raise unknown(f"dataset in {path}", figure.dataset, suite.datasets)
    if figure.split not in (splits := plan.dataset(figure.dataset).all_splits):
        raise unknown(f"split in {path}", figure.split, splits)
    if figure.bars:
        plan.table(figure.bars)
    for run in figure.runs:
        if not all(path.is_file() for path in _folder(plan, run)):
            plan.run(run)
    for videos in figure.videos:
        for run in videos.runs:
            plan.plain_evaluation(run, figure.dataset, figure.split)
        if videos.ids and not videos.ids.get(suite.name):
            raise UserError(f"{path}: ids name no videos of suite {suite.name}")


def _possible(plan: Plan, figure: PaperFigure) -> bool:
    """Whether a suite has a figure; UserError where the file names what no suite can have."""
    path = path_of("figures", figure.name)
    if figure.bars and figure.bars not in {*plan.tables, *names("tables"), *names("datasets")}:
        raise unknown(f"table in {path}", figure.bars, names("tables"))
    if (dataset := plan.suite.datasets.get(figure.dataset)) and figure.split not in plan.datasets[dataset].all_splits:
        raise unknown(f"split in {path}", figure.split, plan.datasets[dataset].all_splits)
    for run in figure.runs:
        there = run in plan.runs or all(file.is_file() for file in _folder(plan, run))
        if not there and _is_misspelt(run.partition("+")[0], plan.runs):
            raise unknown(f"run in {path}", run, plan.runs)
    try:
        _check(plan, figure)
    except UserError:
        return False
    return True


def _is_misspelt(run: str, known: Iterable[str]) -> bool:
    """Whether a run's name is none that a training of some suite has, and yet looks like one; others are imported."""
    if run.startswith(UNTRAINED):
        return run.removeprefix(UNTRAINED) not in method_names()
    if parts := TRAINED.fullmatch(run):
        datasets = {role for suite in names("suites") for role in load_suite(suite).datasets}
        known_parts = (names("protocols"), datasets | set(names("datasets")), method_names())
        if all(parts[kind] in these for kind, these in zip(("protocol", "role", "method"), known_parts, strict=True)):
            return False
    return run.partition("-")[0] in names("protocols") or bool(difflib.get_close_matches(run, known, 1, 0.9))


def _folder(plan: Plan, run: str) -> list[Path]:
    """What a run's folder has to have for its model, also that of a run that no table names."""
    return [layout.run(plan.suite.name, run) / name for name in ("params.yaml", "weights.safetensors")]
