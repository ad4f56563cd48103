"""The paper's statements judged by the suite's tables; a changed statement makes no table anew."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from tcclip.params.reader import names, path_of
from tcclip.params.statistics import load_statistics
from tcclip.plan import Plan, layout, load_plan
from tcclip.process.console import stage
from tcclip.process.options import Log, SuiteName
from tcclip.stages import fingerprint, table
from tcclip.stages.depends import require

CODE = ("tcclip.claims", "tcclip.params.claims", "tcclip.params.column")  # regions, and which costs are timed, as well

app = typer.Typer()


def inputs(plan: Plan) -> list[Path]:
    """All tables, with the replicates of their cells."""
    return [file for name in plan.tables for file in (table.outputs(plan, name)[0], table.intervals(plan, name))]


def outputs(plan: Plan) -> list[Path]:
    """The claims, their comparisons, and a table to read."""
    return layout.claims(plan.suite.name)


def settings(plan: Plan) -> dict[str, Any]:
    """Besides statements and tables, the rows and columns of all layouts, the level, and what is said of the suite."""
    return {
        "level": load_statistics().level,
        "quote_published": plan.suite.quote_published,
        "layouts": fingerprint.data(path_of("tables", name) for name in names("tables")),
        "datasets": plan.suite.datasets,
        "generated": plan.generated,
    }


def code() -> str:
    """Fingerprint of the stage's code."""
    return fingerprint.code(*CODE)


@app.command()
def claims(suite: SuiteName = "mini", log: Log = None) -> None:
    """Judge the paper's statements by what is measured: holds, does not hold or undecided."""
    with stage("claims", log) as say:
        from tcclip.claims.writing import write_claims
        from tcclip.reporting.claims import counted, lines_of

        plan = load_plan(suite)
        require(inputs(plan), f"snakemake {outputs(plan)[0]} --config suite={suite}")
        found = write_claims(plan)
        for line in lines_of(found):
            print(f"{line.verdict:13}  {line.says} {line.value} [{line.interval}]".removesuffix(" []"))
        say(f"{counted(found)}, {outputs(plan)[-1]}")
