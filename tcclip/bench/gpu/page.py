"""The findings as a table for docs/performance.md."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from tcclip.bench.gpu.parts import Ended, line_of
from tcclip.bench.report import batch_of

Row = dict[str, Any]
GOAL_SHARE, GOAL_RATIO = 0.5, 1.12  # of the peak in training at 32 views; tc_clip's time over vifi_clip's


def page(card: str, about: str, ended: Sequence[Ended], found: dict[str, Any]) -> str:
    """Markdown: how it was measured, what became of the parts, the goals, all rows, the kernels."""
    rows = [row for part in found.values() for row in part.get("rows", [])]
    lines = [f"### {card}", "", about, "", *(f"* {line_of(one)}" for one in ended), "", *goals(rows), ""]
    lines += [
        "| mode | classes | views | system | compiled | ms | of the peak | of the data sheet's | MB | x vifi_clip |"
    ]
    lines += ["|---|---|---|---|---|---|---|---|---|---|"]
    lines += [_line(row, rows) for row in sorted(rows, key=_place)]
    left = [name for part in found.values() for name in part.get("left_out", [])]
    lines += ["", f"Not reached: {', '.join(left)}."] if left else []
    kernels = [pair for part in found.values() for pair in part.get("ms", {}).items()]
    if kernels:
        lines += ["", "| kernel | ms |", "|---|---|", *(f"| {name} | {_ms(value)} |" for name, value in kernels)]
    return "\n".join(lines) + "\n"


def goals(rows: Iterable[Row]) -> list[str]:
    """Whether the goals are met, of every way to compile that was measured."""
    listed = [row for row in rows if row["mode"] == "train" and "failed" not in row]
    said = []
    for row in listed:
        share, times = row.get("share_of_peak"), ratio(row, listed)
        if row["subject"] != "tc_clip" or times is None or share is None:
            continue
        of_peak = f"{share:.0%} of the peak ({_met(share > GOAL_SHARE)}: above {GOAL_SHARE:.0%})"
        of_other = f"{times:.2f} x vifi_clip ({_met(times <= GOAL_RATIO)}: at most {GOAL_RATIO})"
        where = f"{row['batch']} views, {row['classes']} classes, compiled: {row['compiled']}"
        said.append(f"* Training of tc_clip, {where}: {of_peak}, {of_other}.")
    return said


def ratio(row: Row, rows: Iterable[Row]) -> float | None:
    """A row's time over vifi_clip's of the same size and way."""
    keys = ("mode", "classes", "batch", "micro", "compiled")
    for other in rows:
        if other["subject"] == "vifi_clip" and "failed" not in other and all(row[key] == other[key] for key in keys):
            return float(row["ms_per_step"] / other["ms_per_step"])
    return None


def _line(row: Row, rows: Sequence[Row]) -> str:
    first = f"| {row['mode']} | {row['classes']} | {batch_of(row)} | {row['subject']} | {row['compiled']} | "
    if "failed" in row:
        return f"{first}{row['failed']} | | | | |"
    times = None if row["subject"] == "vifi_clip" else ratio(row, rows)
    shares = (_share(row.get(key)) for key in ("share_of_peak", "share_of_sheet"))
    memory = row.get("peak_memory_mb")
    last = ["" if memory is None else f"{memory:,.0f}", "" if times is None else f"{times:.2f}"]
    return first + " | ".join([_ms(row["ms_per_step"]), *shares, *last]) + " |"


def _place(row: Row) -> tuple[Any, ...]:
    return (row["mode"] != "train", row["compiled"] != "off", row["classes"], row["batch"], row["compiled"])


def _ms(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.3g}" if value < 100 else f"{value:,.0f}"


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.0%}"


def _met(yes: bool) -> str:
    return "met" if yes else "missed"
