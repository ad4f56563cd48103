"""The report of a suite: figures, headline numbers and the page that shows everything."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path

import numpy as np
import pandas as pd

from tcclip.plan import Plan, layout
from tcclip.process.files import write_json, write_text
from tcclip.reporting import results
from tcclip.reporting.cells import read_table
from tcclip.reporting.grid import DASH, METRICS
from tcclip.reporting.page import Picture, Section, folded, frame_table, page, pictures, table_section
from tcclip.reporting.suite_figures import draw_figures
from tcclip.reporting.summary import all_cells, summary, write_curves
from tcclip.reporting.tables import table_grid


def write_report(plan: Plan) -> str:
    """Write the page, its figures, and the numbers and curves for DVC, from tables and run folders."""
    folder = layout.reports(plan.suite.name)
    frames = {name: read_table(layout.table(plan.suite.name, name)) for name in plan.tables}
    with new_folder(folder / "figures") as new:
        drawn = draw_figures(plan, frames, new)
    with new_folder(folder / "curves") as new:
        write_curves(plan, new)
    write_json(folder / "metrics.json", summary({n: (frame, plan.tables[n].columns) for n, frame in frames.items()}))
    write_json(folder / "cells.json", all_cells(frames))
    shown = [dataclasses.replace(item, path=folder / "figures" / item.path.name) for item in drawn]
    write_text(folder / "index.html", _page(plan, frames, shown))
    return f"{len(frames)} tables, {len(shown)} figures, {folder / 'index.html'}"


@contextlib.contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Give the path of a folder to be made, and put it in the place of `path` when the block succeeds."""
    new = path.with_name(f".{path.name}.part")
    shutil.rmtree(new, ignore_errors=True)
    yield new
    shutil.rmtree(path, ignore_errors=True)
    new.rename(path)


def _page(plan: Plan, frames: Mapping[str, pd.DataFrame], drawn: list[Picture]) -> str:
    base = layout.reports(plan.suite.name)
    sections = []
    for name, frame in frames.items():
        runs = {
            key: sorted({run for text in part["runs"] for run in text.split(";") if run})
            for key, part in frame.groupby(["group", "row"])
        }
        sections.append(table_section(name, table_grid(plan, name, frame), runs))  # type: ignore[arg-type]
    for title in dict.fromkeys(item.section for item in drawn):
        items = [item for item in drawn if item.section == title]
        anchor = title.lower().replace(" ", "-")
        sections.append(Section(anchor, title, pictures(items, base) + _confused(items)))
    sections.append(Section("videos", "Videos", _videos(plan)))
    sections.append(Section("runs", "Runs", _runs(plan)))
    measured = sum(int((frame["source"] == "measured").sum()) for frame in frames.values())
    facts = {
        "suite": f"{plan.suite.name}: {plan.suite.description}",
        "measured cells": f"{measured} of {sum(map(len, frames.values()))}",
        "written": datetime.datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %Z"),
        "git commit": git_commit() or "not a git checkout",
    }
    return page(f"TC-CLIP, suite {plan.suite.name}", facts, sections)


def _confused(items: list[Picture]) -> str:
    """The pairs that methods take for each other, from the CSV beside a confusion matrix."""
    found = ""
    for item in items:
        path = item.path.with_name(item.path.stem.replace("confusion", "confused_pairs") + ".csv")
        if item.path.stem.startswith("confusion") and path.is_file():
            pairs = pd.read_csv(path)
            text = "<p>Pairs of which at least a quarter of the videos are predicted as the other class, in percent; "
            text += "told apart: right among the videos predicted as either of the two, where 50 is a coin.</p>"
            found += folded(f"{len(pairs)} confused pairs", text + frame_table(pairs)) if len(pairs) else ""
    return found


def git_commit() -> str:
    """The checkout's commit, with a note when files differ from it; empty outside git."""
    try:
        told = ["git", "describe", "--always", "--abbrev=12", "--exclude=*", "--dirty= (with changes)"]
        return subprocess.run(told, capture_output=True, text=True, check=True, timeout=10).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""


def _videos(plan: Plan) -> str:
    tested, broken = results.coverage(plan), results.broken_videos(plan)
    text = "<p>Videos of each tested split that the lists name, and how many of them were tested.</p>" + frame_table(
        tested
    )
    if broken.empty:
        return text + "<p>No broken videos were found.</p>"
    return text + folded(f"{len(broken)} broken videos and their reasons", frame_table(broken))


def _runs(plan: Plan) -> str:
    base = layout.reports(plan.suite.name)
    table = results.runs_table(plan)
    shown = pd.DataFrame(
        {
            "run": [_run_links(row.run, Path(row.folder), base) for row in table.itertuples()],
            "method": table["method"],
            "protocol": table["protocol"],
            "trained on": table["dataset"],
            "K": table["shots"].astype("Int64"),
            "fold": table["fold"].astype("Int64"),
            "seed": table["seed"].astype("Int64"),
            "evaluations": [_accuracies(parts) for parts in table["evaluations"]],
            "tables": [", ".join(tables) for tables in table["tables"]],
        }
    )
    return frame_table(shown, raw=("run", "evaluations"))


def _run_links(run: str, folder: Path, base: Path) -> str:
    up = Path(*[".."] * len(base.parts))
    links = [
        f'<a href="{escape(str(up / folder / name))}">{name}</a>'
        for name in ("params.yaml", "metrics.json", "history.csv")
        if (folder / name).is_file()
    ]
    return f"<code>{escape(run)}</code><br><small>{' · '.join(links) or 'not run'}</small>"


def _accuracies(parts: Mapping[str, Mapping[str, float]]) -> str:
    lines = [
        f"{escape(name)}: {_percent(part, 'top1')} / {_percent(part, 'top5')}, "
        f"{part['n_videos']:,} of {part['listed']:,} videos"
        for name, part in parts.items()
    ]
    title = f"{len(lines)} ({' / '.join(METRICS.values())} in percent, videos found of those listed)"
    return folded(title, "<br>".join(lines)) if lines else ""


def _percent(part: Mapping[str, float], metric: str) -> str:
    return f"{part[metric]:.1f}" if metric in part and np.isfinite(part[metric]) else DASH
