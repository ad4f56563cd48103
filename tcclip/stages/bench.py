"""The throughput of Table 6: time, memory and arithmetic of steps, measured.

Measured once: other code or another day makes it slower or faster, but not wrong; delete the file to measure again.
Another method, batch or number of classes does make it stale.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tcclip.errors import unknown
from tcclip.params.reader import path_of
from tcclip.plan import Plan, layout
from tcclip.process.console import stage
from tcclip.process.launch import AUTO, GpuCount, at_most_one
from tcclip.process.options import Log, on_the_cpu

app = typer.Typer()


def outputs(plan: Plan) -> list[Path]:
    """The measurements behind a suite's tables."""
    return [layout.throughput(plan.suite.name)]


def options(plan: Plan) -> str:
    """The command-line options of the measurement behind a suite's tables."""
    bench, machine = plan.suite.bench, plan.suite.machine
    methods = " ".join(f"--method {name}" for name in plan.benched)
    counts = {count for table in plan.tables for count in plan.benched_frames(table).values()}
    frames = " ".join(f"--frames {count}" for count in sorted(counts))
    device = "" if gpus(plan) == 0 or machine.gpus == AUTO else " --device cuda"
    sizes = f"--mode eval --classes {bench.classes} --batch {bench.batch} --repeat {bench.repeat} --no-memory"
    return f"{methods} {sizes} {frames} --dtype {machine.precision} --threads {machine.threads}{device}"


def gpus(plan: Plan) -> GpuCount:
    """The rule's resource `gpu`: one where trainings use some."""
    return at_most_one(plan.suite.machine.gpus)


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
    frames: Annotated[list[int] | None, typer.Option(help="of a view; repeat")] = None,
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
        from tcclip.process import gpu

        if device not in ("auto", "cpu", "cuda"):
            raise unknown("device", device, ("auto", "cpu", "cuda"))
        if device == "cuda":
            named = [word for name in method or [] for word in ("--method", name)]
            command = ["tcclip", "bench", "--suite", suite, *named, "--device", "cpu"]
            instead = on_the_cpu(command, path_of("suites", suite))
            gpu.check_shown(1, instead)
            gpu.check_works(instead)
        subjects = method or ["vifi_clip", "tc_clip", "plain", *(["oracle"] if in_checkout() else [])]
        cases = [parse_row(text) for text in row or []]
        cases = cases or grid(subjects, modes_of(mode), classes or [51], batch or [2], micro)
        several = [settings_of(suite, dtype, device, count, threads, repeat) for count in frames or [16]]
        say(measure(cases, several, out, memory))
