"""The command line: the stages of the pipeline, which Snakemake's rules call, and what is there beside them.

Heavy libraries are imported inside the commands, so that each starts fast.
"""

from __future__ import annotations

import functools
import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

import tcclip
from tcclip.cli import attention, data, demo, plan_lines, precision, predict, provenance, ui
from tcclip.cli.outputs import is_same
from tcclip.cli.scale_lines import scale_lines
from tcclip.errors import UserError
from tcclip.plan import Plan, load_plan, plan_with_seeds
from tcclip.plan.changes import changed_plan
from tcclip.process.console import stage
from tcclip.process.home import move_caches
from tcclip.process.options import Log, Seeds, SuiteName, Values
from tcclip.stages import all_stages

HELP = "TC-CLIP from raw videos to tables. Snakemake calls the stages in the right order; each also works alone."

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
for of_stage in vars(all_stages()).values():
    for command in of_stage.app.registered_commands:
        command.rich_help_panel = "Stages of the pipeline"
    app.add_typer(of_stage.app)
app.add_typer(data.app, name="data")
for commands in (predict, precision, demo, provenance, ui, attention):
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
    rows: Annotated[bool, typer.Option("--rows", help="say what each row of the tables costs instead")] = False,
    values: Values = None,
    seeds: Seeds = "",
    gpus: Annotated[int | None, typer.Option(min=1, help="for the wall time; 8 unless said")] = None,
    cores: Annotated[
        int | None, typer.Option(min=1, help="processor cores, for the same; machine.threads for each GPU unless said")
    ] = None,
) -> None:
    """Print what the suite costs before anything starts: runs, GPU-hours, disk, wall time; with --runs every run.

    With --rows it is what each row of a table costs, of which a suite's quoted_rows are not run. With --set it is what
    it would cost with other values, of every run whose method has them, and with --seeds what it would with others.
    """
    with stage("plan", None) as report:
        if (runs or rows) and (gpus or cores):
            raise UserError(
                "--gpus and --cores are for the wall time, which --runs and --rows leave out: drop one of them"
            )
        the_plan = changed_plan(plan_with_seeds(suite, seeds), values or [])
        lines = _what_is_asked(the_plan, runs, rows)
        changed = [*plan_lines.seed_lines(the_plan), *plan_lines.change_lines(the_plan, values or [])]
        print("\n".join([*changed, *lines]))
        if not (runs or rows):
            print("\n" + "\n".join(plan_lines.disk_lines(the_plan)))
            print("\n" + "\n".join(scale_lines(the_plan, gpus, cores)))
        trained = sum(run.trained for run in the_plan.runs.values())
        evaluations = sum(len(the_plan.evaluations(run)) for run in the_plan.runs)
        report(f"{trained} trainings, {evaluations} evaluations for {len(the_plan.tables)} tables")


def _what_is_asked(plan: Plan, runs: bool, rows: bool) -> Iterator[str]:
    if runs and rows:
        raise UserError("--runs and --rows are two different lists: leave one out")
    if rows:
        return plan_lines.row_lines(plan)
    return plan_lines.run_lines(plan) if runs else plan_lines.cost_lines(plan)


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
    over = log is not None and is_same(log, file)  # a log takes the place of what was there
    with stage(f"import of {file}", None if over else log) as report:
        if over:
            raise UserError(f"--log {log} would overwrite the checkpoint, which is read: name a new file")
        from tcclip.backbone.importing.run_folder import import_checkpoint as import_file

        report(import_file(load_plan(suite), file, method=method, protocol=protocol, trained_on=train_on, name=name))


@functools.cache
def command_line() -> Any:
    """The command line made of the functions above, once in a process that forks."""
    return typer.main.get_command(app)


def _print_whatever() -> None:
    """Write what standard output's encoding has not as \\xe9: a class's name is no reason to end with a traceback."""
    out = sys.stdout
    if isinstance(out, io.TextIOWrapper) and (out.errors, out.encoding.lower()) != ("surrogateescape", "utf-8"):
        out.reconfigure(errors="backslashreplace")


def main() -> None:
    """Entry point."""
    _print_whatever()
    move_caches()
    command_line()(prog_name="tcclip")


if __name__ == "__main__":
    main()
