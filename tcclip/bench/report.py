"""What was measured, as a file per device and as a table for the eyes."""

from __future__ import annotations

import datetime as dt
import platform
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.table import Table

from tcclip.bench.cases import ORACLE, PLAIN
from tcclip.process.environment import cpu_name
from tcclip.process.files import read_json, write_json

ABOUT = (
    "One row is a step of a method on a random CLIP and noise videos: in evaluation a forward pass of `batch` views, "
    "the class texts computed before; in training forward, backward and AdamW over `batch` views in micro-batches of "
    "`micro`, the class texts once. Rows that were measured together took turns; ms_per_step is the best of `repeat` "
    "turns, cpu_ms_per_step the least processor time of one. peak_memory_mb is from a process of its own: resident "
    "memory on a CPU, tensors on a GPU. params_m are millions of parameters without the token table, trained_m of "
    "trained ones, with it where it is trained. paper_gflops_per_view are multiply-accumulates of a view and a text "
    "of 77 tokens, every layer in full, as the paper counts. gflop_per_step counts what is computed (2 per multiply- "
    "accumulate), share_of_peak compares it with a large matrix product in the same process. plain is TC-CLIP without "
    "any savings, oracle its equations literally."
)
WIDTH = 250  # characters that a table may have; it takes what its longest names need
KEYS = ("suite", "subject", "mode", "classes", "batch", "micro", "frames", "dtype", "threads")


def device_name(device: torch.device) -> str:
    """The GPU's or the processor's name, as it may stand in a file's name."""
    shown = torch.cuda.get_device_name(device) if device.type == "cuda" else cpu_name()
    return re.sub(r"[^A-Za-z0-9.]+", "-", shown or platform.machine()).strip("-")


def write(path: Path, rows: Sequence[dict[str, Any]], device: torch.device) -> None:
    """Put rows into a device's file; rows of the same kind are replaced, others stay."""
    known = read_json(path)["rows"] if path.is_file() else []
    new = {tuple(row[key] for key in KEYS) for row in rows}
    kept = [row for row in known if tuple(row[key] for key in KEYS) not in new]
    write_json(path, {"about": ABOUT, "device": device_name(device), "rows": [*kept, *rows]})


def stamp() -> dict[str, str]:
    """When and with what a row was measured."""
    return {"torch": torch.__version__, "date": dt.datetime.now(dt.UTC).date().isoformat()}


def show(rows: Sequence[dict[str, Any]]) -> None:
    """Print the rows, each with how many times as fast it is as oracle, plain and vifi_clip of the same size."""
    table = Table(
        title="Best of the turns; ratios: views/s in this run, or per CPU second on one thread; ~: other batch"
    )
    heads = ["method", "mode", "classes", "batch", "views/s", "ms/step", "median", "cpu ms", "peak MB"]
    others = (ORACLE, PLAIN, "vifi_clip")
    for head in [*heads, "paper GFLOPs", "GFLOP/step", "of peak", *(f"x {other}" for other in others)]:
        table.add_column(head.replace(" ", "\n"), justify="left" if head in ("method", "mode") else "right")
    for row in rows:
        cells = [row["subject"], row["mode"], str(row["classes"]), batch_of(row), f"{row['views_per_s']:.3g}"]
        cells += [_number(row[key], ",.0f") for key in ("ms_per_step", "median_ms_per_step", "cpu_ms_per_step")]
        cells += [_number(row["peak_memory_mb"], ",.0f"), _giga(row["paper_gflops_per_view"])]
        cells += [_giga(row["gflop_per_step"]), _number(row["share_of_peak"], ".0%")]
        table.add_row(*cells, *(_ratio(ratio(rows, row, other)) for other in others))
    Console(width=WIDTH).print(table)


def batch_of(row: dict[str, Any]) -> str:
    """Views of a step: 32, or 4x8 of four micro-batches."""
    count = row["batch"] // row["micro"]
    return str(row["batch"]) if count == 1 else f"{count}x{row['micro']}"


def ratio(rows: Sequence[dict[str, Any]], row: dict[str, Any], other: str) -> tuple[float, bool] | None:
    """How many times as fast a row is as `other`, per view, at the same mode and classes; whether the batch is too."""
    found = [r for r in rows if (r["subject"], r["mode"], r["classes"]) == (other, row["mode"], row["classes"])]
    same = [r for r in found if (r["batch"], r["micro"]) == (row["batch"], row["micro"])]
    compared = next(iter(same or found), None)
    return (speed(row) / speed(compared), bool(same)) if compared and row["subject"] != other else None


def _ratio(found: tuple[float, bool] | None) -> str:
    return "" if found is None else f"{'' if found[1] else '~'}{found[0]:.2f}"


def speed(row: dict[str, Any]) -> float:
    """Views per second, of processor time where it is known to be one thread's: other jobs disturb that least."""
    if row["threads"] == 1 and row["cpu_ms_per_step"] is not None:
        return float(1000 * row["batch"] / row["cpu_ms_per_step"])
    return float(row["views_per_s"])


def _giga(value: float | None) -> str:
    return _number(value, ",.0f" if value is None or value >= 10 else ".2g")


def _number(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)
