"""Every measured cell beside the number that the paper prints for it: reproduced, lower, higher, or not comparable."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from tcclip.params.suite import papers_backbone
from tcclip.params.verdicts import load_rule
from tcclip.plan import Plan, layout, plan_with_seeds
from tcclip.process.console import stage
from tcclip.process.options import Log, Seeds, SuiteName
from tcclip.stages import evaluate, fingerprint, table
from tcclip.stages.depends import require

CODE = ("tcclip.verdicts",)

app = typer.Typer()


def inputs(plan: Plan) -> list[Path]:
    """All tables, and the final numbers of all runs, which know how many videos were tested."""
    return table.csvs(plan) + evaluate.numbers(plan)


def outputs(plan: Plan) -> list[Path]:
    """Every verdict, and the summary."""
    return list(layout.verdicts(plan.suite.name))


def settings(plan: Plan) -> dict[str, Any]:
    """The rule, what a suite sets otherwise than the paper, and the paper's backbone."""
    suite, papers = plan.suite, papers_backbone()
    return {
        "rule": load_rule().model_dump_json(),
        "suite": suite.model_dump_json(include={"datasets", "protocols", "methods", "backbone"}),
        "backbone": papers.model_dump_json() if papers else None,
    }


def code() -> str:
    """Fingerprint of the stage's code."""
    return fingerprint.code(*CODE)


@app.command()
def verdicts(suite: SuiteName = "mini", seeds: Seeds = "", log: Log = None) -> None:
    """Say of every measured cell whether it reproduces the paper's number."""
    with stage("verdicts", log) as report:
        from tcclip.verdicts.suite import write_verdicts

        plan = plan_with_seeds(suite, seeds)
        require(table.csvs(plan), f"snakemake {outputs(plan)[0]} --config suite={suite}")
        report(write_verdicts(plan))
