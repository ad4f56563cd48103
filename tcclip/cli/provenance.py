"""The commands about where results come from and how DVC keeps them: `tcclip explain`, `reproduce` and for DVC two."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tcclip.errors import UserError
from tcclip.plan import plan_with_seeds
from tcclip.plan.other_seeds import with_run
from tcclip.process.console import stage
from tcclip.process.options import Seeds, SuiteName

app = typer.Typer()

Group = Annotated[str | None, typer.Option("--group", help="of the row, where several groups have it")]


@app.command()
def explain(
    table: str, row: str, column: str, group: Group = None, suite: SuiteName = "mini", seeds: Seeds = ""
) -> None:
    """Print where a cell of a table comes from: evaluations, runs, params, data, code, machine, and how to redo it."""
    with stage("explain", None) as report:
        from tcclip.provenance.explain import explain as chain

        print(chain(plan_with_seeds(suite, seeds), table, row, column, group))
        report(f"{table} {row} {column}")


@app.command()
def reproduce(
    name: Annotated[str, typer.Argument(metavar="TABLE|RUN")],
    row: Annotated[str | None, typer.Argument()] = None,
    column: Annotated[str | None, typer.Argument()] = None,
    group: Group = None,
    suite: SuiteName = "mini",
    seeds: Seeds = "",
    keep: Annotated[Path | None, typer.Option(help="a new folder for the checkout, which then stays")] = None,
    anyway: Annotated[bool, typer.Option("--anyway", help="even with other params, code or data than it had")] = False,
) -> None:
    """Make the runs of a cell, or one run, again in a clean checkout of their commit, and compare bit by bit."""
    with stage("reproduction", None) as report:
        from tcclip.provenance.cell import find_cell, runs_behind
        from tcclip.provenance.reproduce import reproduce as make_again

        plan = plan_with_seeds(suite, seeds)
        if row is not None and column is not None:
            runs = runs_behind(plan, find_cell(plan, name, row, column, group))
        elif row is None:
            plan = with_run(plan, name)
            runs = [plan.run(name).name]
        else:
            raise UserError("a cell is named by its table, row and column; a run by its name alone")
        outcomes = [make_again(plan, run, keep / run if keep else None, anyway) for run in runs]
        print("\n".join(line for outcome in outcomes for line in outcome.lines()))
        same = sum(outcome.identical for outcome in outcomes)
        if same < len(outcomes):
            raise UserError(f"{len(outcomes) - same} of {len(outcomes)} runs did not come out the same")
        report(f"{same} of {len(outcomes)} runs came out the same, bit by bit")


@app.command("record-jobs")
def record_jobs(suite: SuiteName = "mini") -> None:
    """Write Snakemake's account of all jobs beside the results, for `dvc push`; the stages of dvc.yaml call it."""
    with stage("account of all jobs", None) as report:
        from tcclip.provenance.job_account import write_account

        report(write_account(suite))


@app.command("dvc-stages")
def dvc_stages(suite: SuiteName = "mini") -> None:
    """Write dvc.yaml for a suite: its stages have the folders of the suite's datasets."""
    with stage("DVC's stages", None) as report:
        from tcclip.plan import load_plan
        from tcclip.provenance.dvc_stages import write_stages

        report(write_stages(load_plan(suite)))
