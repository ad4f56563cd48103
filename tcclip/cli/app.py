"""The command line: `tcclip <stage>`. Every Snakemake rule is one of these commands.

Heavy libraries are imported inside the commands, so that each starts fast.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

import tcclip
from tcclip.cli import data, plan_lines, prepare, provenance, reporting, tracking
from tcclip.cli.options import Gpus, Log, SuiteName
from tcclip.errors import UserError
from tcclip.plan import load_plan
from tcclip.process import launch
from tcclip.process.console import stage

HELP = "TC-CLIP from raw videos to tables. Snakemake calls these commands in the right order; each also works alone."

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.add_typer(data.app, name="data")
for commands in (prepare, reporting, tracking, provenance):
    app.add_typer(commands.app)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"tcclip {tcclip.__version__}")
        raise typer.Exit()


@app.callback(help=HELP)
def program(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="print the version and stop")
    ] = False,
) -> None:
    """Take the options of the program itself."""


@app.command()
def plan(
    suite: SuiteName = "mini",
    runs: Annotated[bool, typer.Option("--runs", help="name every run and the tables it serves instead")] = False,
) -> None:
    """Print what the suite costs before anything starts: runs, GPU-hours and disk; with --runs every run."""
    with stage("plan", None) as report:
        the_plan = load_plan(suite)
        lines = plan_lines.run_lines(the_plan) if runs else plan_lines.cost_lines(the_plan)
        print("\n".join(lines))
        if not runs:
            print("\n" + "\n".join(plan_lines.disk_lines(the_plan)))
        trained = sum(run.trained for run in the_plan.runs.values())
        evaluations = sum(len(the_plan.evaluations(run)) for run in the_plan.runs)
        report(f"{trained} trainings, {evaluations} evaluations for {len(the_plan.tables)} tables")


@app.command()
def train(run: str, suite: SuiteName = "mini", gpus: Gpus = None, log: Log = None) -> None:
    """Train a run, or go on with it where it was interrupted."""
    with stage(f"training {run}", log) as report:
        from tcclip.stages.training_job import training_job
        from tcclip.stages.watched_training import train_watched

        the_plan = load_plan(suite)
        count = the_plan.suite.machine.gpus if gpus is None else gpus
        job = dataclasses.replace(training_job(the_plan, run), device=launch.device(count))
        report(launch.run(count, train_watched, suite, job))


@app.command()
def evaluate(
    run: str,
    suite: SuiteName = "mini",
    dataset: Annotated[str | None, typer.Option(help="evaluate on this dataset alone (hmdb51, ...)")] = None,
    split: Annotated[str | None, typer.Option(help="the split of --dataset")] = None,
    views: Annotated[str | None, typer.Option(help="clips x crops, for example 4x3; else the protocol's")] = None,
    we: Annotated[bool, typer.Option("--we", help="weight-space ensemble with CLIP")] = False,
    gpus: Gpus = None,
    log: Log = None,
) -> None:
    """Evaluate a run on everything the suite's tables ask for, or any run on one --dataset and --split."""
    with stage(f"evaluating {run}", log) as report:
        from tcclip.evaluation.run import evaluate as evaluate_run
        from tcclip.params.protocol import parse_views
        from tcclip.stages.evaluation_jobs import asked_jobs, evaluation_jobs

        the_plan = load_plan(suite)
        if dataset and split:
            subject, jobs = asked_jobs(the_plan, run, dataset, split, parse_views(views) if views else None, we)
        elif dataset or split or views or we:
            raise UserError("--dataset and --split go together, and --views and --we need both")
        else:
            subject, jobs = evaluation_jobs(the_plan, run)
        count = the_plan.suite.machine.gpus if gpus is None else gpus
        subject = dataclasses.replace(subject, device=launch.device(count))
        report(launch.run(count, evaluate_run, subject, jobs, keep=bool(dataset)))


@app.command("import-checkpoint")
def import_checkpoint(
    file: Path,
    suite: SuiteName = "paper",
    method: Annotated[str | None, typer.Option(help="else guessed from the names in the file")] = None,
    protocol: Annotated[str, typer.Option(help="its frames and views are used in evaluations")] = "zero_shot",
    train_on: Annotated[str, typer.Option(help="the dataset it was trained on, for the record")] = "k400",
    name: Annotated[str | None, typer.Option(help="the run's name; else imported-<file>")] = None,
    log: Log = None,
) -> None:
    """Turn a released TC-CLIP or ViFi-CLIP checkpoint (.pth) into a run; nothing in the file is executed."""
    with stage(f"import of {file}", log) as report:
        from tcclip.backbone.importing.run_folder import import_checkpoint as import_file

        report(import_file(load_plan(suite), file, method=method, protocol=protocol, trained_on=train_on, name=name))


@app.command()
def bench(
    suite: Annotated[str, typer.Option("--suite", help="whose backbone: mini, or paper for ViT-B/16")] = "mini",
    method: Annotated[list[str] | None, typer.Option(help="repeat; plain and oracle: TC-CLIP without savings")] = None,
    classes: Annotated[list[int] | None, typer.Option(help="repeat")] = None,
    batch: Annotated[list[int] | None, typer.Option(help="views of a step; repeat")] = None,
    micro: Annotated[int, typer.Option(help="views of a micro-batch in training, at most")] = 4,
    mode: Annotated[str, typer.Option(help="eval, train or both")] = "both",
    row: Annotated[list[str] | None, typer.Option(help="METHOD:eval|train:CLASSES:BATCH[:MICRO]; repeat")] = None,
    dtype: Annotated[str, typer.Option(help="fp32, bf16 or fp16")] = "fp32",
    device: Annotated[str, typer.Option(help="auto, cpu or cuda")] = "auto",
    frames: Annotated[int, typer.Option(help="of a view")] = 16,
    repeat: Annotated[int, typer.Option(help="turns; the best counts")] = 5,
    threads: Annotated[int, typer.Option(help="on a CPU")] = 2,
    memory: Annotated[bool, typer.Option(help="peak memory, in a process per row")] = True,
    out: Annotated[Path | None, typer.Option(help="a file beside reports/bench/<device>.json")] = None,
    log: Log = None,
) -> None:
    """Measure time, memory and arithmetic of evaluation and training, side by side; nothing is downloaded."""
    with stage("bench", log) as say:
        from tcclip.bench.cases import grid, modes_of, parse_row, settings_of
        from tcclip.bench.oracle import in_checkout
        from tcclip.bench.run import bench as measure

        subjects = method or ["vifi_clip", "tc_clip", "plain", *(["oracle"] if in_checkout() else [])]
        cases = [parse_row(text) for text in row or []]
        cases = cases or grid(subjects, modes_of(mode), classes or [51], batch or [2], micro)
        say(measure(cases, settings_of(suite, dtype, device, frames, threads, repeat), out, memory))


def main() -> None:
    """Entry point."""
    app(prog_name="tcclip")


if __name__ == "__main__":
    main()
