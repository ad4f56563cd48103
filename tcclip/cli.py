"""The command line: `tcclip <stage>`. Every Snakemake rule is one of these commands.

Heavy libraries are imported inside the commands, so that each starts fast.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from tcclip import cli_data, cli_plan, cli_provenance, launch, layout, stages
from tcclip.console import stage
from tcclip.errors import UserError
from tcclip.params import load_dataset
from tcclip.plan import load_plan

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
app.add_typer(cli_data.app, name="data")
app.add_typer(cli_provenance.app)

SuiteName = Annotated[str, typer.Option("--suite", help="mini or paper")]
Gpus = Annotated[int | None, typer.Option(min=0, help="processes, one per GPU; else machine.gpus of the suite")]
Log = Annotated[Path | None, typer.Option("--log", help="write all output there and print one line only")]


@app.command()
def plan(
    suite: SuiteName = "mini",
    runs: Annotated[bool, typer.Option("--runs", help="name every run and the tables it serves instead")] = False,
) -> None:
    """Print what the suite costs before anything starts: runs, GPU-hours and disk; with --runs every run."""
    with stage("plan", None) as report:
        the_plan = load_plan(suite)
        lines = cli_plan.run_lines(the_plan) if runs else cli_plan.cost_lines(the_plan)
        print("\n".join(lines))
        if not runs:
            print("\n" + "\n".join(cli_plan.disk_lines(the_plan)))
        trained = sum(run.trained for run in the_plan.runs.values())
        evaluations = sum(len(the_plan.evaluations(run)) for run in the_plan.runs)
        report(f"{trained} trainings, {evaluations} evaluations for {len(the_plan.tables)} tables")


@app.command()
def download(
    dataset: str,
    verify: Annotated[bool, typer.Option("--verify", help="hash untouched files again as well")] = False,
    log: Log = None,
) -> None:
    """Fetch the files of a real dataset and its published lists, or go on where it was interrupted."""
    with stage(f"download of {dataset}", log) as report:
        from tcclip.fetch.download import download as fetch
        from tcclip.unpack.records import finished_archives

        settings, unpacked = load_dataset(dataset), finished_archives(dataset)
        report(fetch(settings, layout.downloads(dataset), again=verify, unpacked=unpacked))


@app.command()
def unpack(dataset: str, log: Log = None) -> None:
    """Unpack a dataset's downloaded archives into videos/ and lists/, or go on with it."""
    with stage(f"unpacking {dataset}", log) as report:
        from tcclip.unpack import unpack as unpack_all

        report(unpack_all(load_dataset(dataset)))


@app.command()
def raw(dataset: str, log: Log = None) -> None:
    """Generate a stand-in, or check that a real dataset's videos and lists are in place."""
    with stage(f"raw videos of {dataset}", log) as report:
        from tcclip.data.raw import write_manifest

        settings = load_dataset(dataset)
        if settings.generate:
            from tcclip.mini.writer import generate

            generate(settings, settings.generate.role, layout.raw(dataset))
        if settings.folder:
            from tcclip.data.own_videos import link_videos

            link_videos(dataset, settings.folder, layout.raw(dataset) / "videos")
        if settings.csv:
            from tcclip.data.own_list import read_own

            read_own(settings)  # a mistake in it is better met before hours of frames than after
        own = settings.csv is not None
        report(f"{write_manifest(dataset, layout.raw(dataset), layout.manifest(dataset), own)} videos")


@app.command()
def splits(dataset: str, log: Log = None) -> None:
    """Write a dataset's split tables and class lists."""
    with stage(f"splits of {dataset}", log) as report:
        from tcclip.data.splits import write_splits

        settings = load_dataset(dataset)
        write_splits(settings, layout.raw(dataset), layout.splits(dataset))
        report(f"{len(settings.all_splits)} splits")


@app.command("llm-names")
def llm_names(dataset: str, log: Log = None) -> None:
    """Fetch FROSTER's rephrased class names (CC BY-NC-SA 4.0) and write them beside the dataset's class lists."""
    with stage(f"rephrased names of {dataset}", log) as report:
        from tcclip.data.llm_names import write_llm_names
        from tcclip.fetch.download import download as fetch

        settings, folder = load_dataset(dataset), layout.llm_downloads(dataset)
        fetch(settings, folder, "llm")
        report(write_llm_names(settings, folder, layout.splits(dataset)))


@app.command()
def frames(dataset: str, shard: int, log: Log = None) -> None:
    """Scan one shard of a dataset's videos, and write their frames unless they are decoded online."""
    with stage(f"frames of {dataset}, shard {shard:04d}", log):
        from tcclip.data.shards import write_shard
        from tcclip.data.videos import listed_videos

        settings = load_dataset(dataset)
        videos = listed_videos(layout.manifest(dataset))
        files = layout.shard(dataset, shard)
        write_shard(layout.raw(dataset) / "videos", videos, settings.format, shard, settings.frames, *files)


@app.command("frames-index")
def frames_index(dataset: str, log: Log = None) -> None:
    """Join the shards' indices of a dataset, and list its broken videos."""
    with stage(f"frame index of {dataset}", log) as report:
        from tcclip.data.index import merge_index

        parts = [layout.shard(dataset, number)[1] for number in range(load_dataset(dataset).frames.shards)]
        report(merge_index(parts, layout.frames_index(dataset), layout.broken(dataset)))


@app.command()
def backbone(suite: SuiteName = "mini", log: Log = None) -> None:
    """Write CLIP's weights: pre-trained here (mini) or from open_clip (paper)."""
    with stage("CLIP weights", log) as report:
        settings = load_plan(suite).suite.backbone
        if settings.pretraining:
            from tcclip.pretraining.pretrain import pretrain as make
        else:
            from tcclip.backbones.from_open_clip import convert as make
        report(make(settings, layout.backbone(settings.name)))


@app.command()
def tokens(suite: SuiteName = "mini", log: Log = None) -> None:
    """Write the token ids of every class name as each method of the suite writes it."""
    with stage("token ids of all class names", log) as report:
        from tcclip.backbones.tokens import write_tokens

        the_plan = load_plan(suite)
        methods = [the_plan.method(name) for name in the_plan.methods]
        out = layout.backbone(the_plan.suite.backbone.name) / "tokens.json"
        report(write_tokens(stages.class_files(the_plan), methods, out))


@app.command()
def train(run: str, suite: SuiteName = "mini", gpus: Gpus = None, log: Log = None) -> None:
    """Train a run, or go on with it where it was interrupted."""
    with stage(f"training {run}", log) as report:
        from tcclip.training.from_plan import training_job
        from tcclip.watched_training import train_watched

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
        from tcclip.evaluation.from_plan import asked_jobs, evaluation_jobs
        from tcclip.evaluation.run import evaluate as evaluate_run
        from tcclip.params.protocol import parse_views

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
        from tcclip.importing.run_folder import import_checkpoint as import_file

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
    out: Annotated[Path | None, typer.Option(help="else reports/bench/<device>.json")] = None,
    log: Log = None,
) -> None:
    """Measure time, memory and arithmetic of evaluation and training, side by side; nothing is downloaded."""
    with stage("bench", log) as say:
        from tcclip.bench.cases import grid, modes_of, parse_row, settings_of
        from tcclip.bench.run import bench as measure

        subjects = method or ["vifi_clip", "tc_clip", "plain"]
        cases = [parse_row(text) for text in row or []]
        cases = cases or grid(subjects, modes_of(mode), classes or [51], batch or [2], micro)
        say(measure(cases, settings_of(suite, dtype, device, frames, threads, repeat), out, memory))


@app.command()
def table(name: str, suite: SuiteName = "mini", log: Log = None) -> None:
    """Fill a table from the metrics of its runs."""
    with stage(name, log) as report:
        from tcclip.reporting import write_table

        report(write_table(load_plan(suite), name))


@app.command()
def report(suite: SuiteName = "mini", log: Log = None) -> None:
    """Write the page with all tables and figures, and the headline numbers."""
    with stage("report", log) as say:
        from tcclip.reporting import write_report

        say(write_report(load_plan(suite)))


@app.command()
def sources(
    run: str,
    evaluation: str,
    video: str,
    out: Annotated[Path, typer.Option(help="PNG")] = Path("sources.png"),
    suite: SuiteName = "mini",
) -> None:
    """Draw which patches a video's context tokens are made of (Fig. 6); the run's method needs tc.trace: true."""
    with stage("sources", None) as say:
        from tcclip.reporting.sources import draw_sources

        say(draw_sources(load_plan(suite), run, evaluation, video, out))


@app.command("mlflow-store")
def mlflow_store(log: Log = None) -> None:
    """Create the MLflow store, once."""
    with stage("MLflow store", log):
        from tcclip.tracking.store import create_store

        create_store()


@app.command()
def mlflow(suite: SuiteName = "mini", log: Log = None) -> None:
    """Load the run folders into MLflow; unchanged runs are left alone."""
    with stage("MLflow runs", log) as say:
        from tcclip.tracking.loader import load_runs

        say(load_runs(load_plan(suite)))


@app.command()
def ui(port: Annotated[int, typer.Option(help="TCP port on localhost")] = 5000) -> None:
    """Open the MLflow UI on localhost."""
    with stage("MLflow UI", None):
        from tcclip.tracking.ui import open_ui

        open_ui(port)


def main() -> None:
    """Entry point."""
    app(prog_name="tcclip")


if __name__ == "__main__":
    main()
