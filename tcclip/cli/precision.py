"""`tcclip precision`: what an evaluation loses in half precision."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, cast

import typer

from tcclip.errors import UserError, unknown
from tcclip.process.console import stage
from tcclip.process.options import SuiteName

if TYPE_CHECKING:
    from tcclip.evaluation.agreement import Agreement

app = typer.Typer()
HALVES = ("bf16", "fp16")


@app.command()
def precision(
    runs: Annotated[list[str], typer.Argument(help="runs' folders or names, or untrained methods")],
    dtype: Annotated[str, typer.Option(help="bf16 or fp16")] = "bf16",
    suite: SuiteName = "mini",
) -> None:
    """Compare evaluations in bf16 with float32 on the CPU, and with themselves repeated; nothing is written."""
    with stage("precision", None) as report:
        if dtype not in HALVES:
            raise unknown("dtype", dtype, HALVES)
        from tcclip.evaluation.agreement import agreement
        from tcclip.prediction.from_run import check_place, named_run
        from tcclip.process.runtime import deterministic, keep_memory
        from tcclip.stages.subjects import planned_jobs

        half = cast(Literal["bf16", "fp16"], dtype)
        keep_memory()
        found: list[Agreement] = []
        for typed in runs:
            plan, run = named_run(Path(typed), suite)
            check_place(plan)
            subject, jobs = planned_jobs(plan, run)
            deterministic(subject.machine.threads, subject.seed)
            for job in jobs:
                found.append(one := agreement(subject, job, half))
                print(f"{run} {_said(one, dtype)}", flush=True)
        if not found:
            raise UserError(f"no table of the suite evaluates {', '.join(runs)}: see `tcclip plan --runs`")
        videos, same = sum(one.videos for one in found), sum(one.same for one in found)
        means = [sum(one.top1[place] * one.videos for one in found) / videos for place in (0, 1)]
        repeated = sum(one.repeats for one in found)
        report(
            f"{len(found)} evaluations of {len(runs)} runs, {videos} videos: top-1 {means[0]:.2f} in fp32 and "
            f"{means[1]:.2f} in {dtype}, the same class in {100 * same / videos:.2f} %; {repeated} of {len(found)} "
            "have the same scores when repeated, bit for bit"
        )


def _said(one: Agreement, dtype: str) -> str:
    whole, half = one.top1
    again = "repeated bit for bit" if one.repeats else "NOT the same when repeated"
    return (
        f"{one.evaluation}: {one.videos} videos, top-1 {whole:.2f} fp32, {half:.2f} {dtype}; same class {one.same}; "
        f"scores differ by {one.most:.4f} at most; {again}"
    )
