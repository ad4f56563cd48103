"""The report of a suite: figures, headline numbers and the page that shows everything."""

from __future__ import annotations

import datetime
import shutil
import subprocess
from collections.abc import Mapping
from html import escape
from pathlib import Path

import numpy as np
import pandas as pd

from tcclip import layout
from tcclip.files import atomic, write_json, write_text
from tcclip.plan import Evaluation, Plan
from tcclip.reporting import figures, results, style
from tcclip.reporting.cells import read_table
from tcclip.reporting.grid import DATASETS, METRICS
from tcclip.reporting.page import Picture, Section, folded, frame_table, page, pictures, table_section
from tcclip.reporting.per_class import confused_pairs, per_class
from tcclip.reporting.summary import summary
from tcclip.reporting.tables import table_grid


def write_report(plan: Plan) -> str:
    """Write figures/, metrics.json and index.html from the suite's tables and run folders; returns a one-line account."""
    folder = layout.reports(plan.suite.name)
    frames = {name: read_table(layout.table(plan.suite.name, name)) for name in plan.tables}
    new = folder / ".figures.part"
    shutil.rmtree(new, ignore_errors=True)
    drawn = draw_figures(plan, frames, new)
    write_json(folder / "metrics.json", summary({n: (frame, plan.tables[n].columns) for n, frame in frames.items()}))
    shutil.rmtree(folder / "figures", ignore_errors=True)
    new.rename(folder / "figures")
    shown = [Picture(folder / "figures" / item.path.name, item.caption) for item in drawn]
    write_text(folder / "index.html", _page(plan, frames, shown))
    return f"{len(frames)} tables, {len(shown)} figures, {folder / 'index.html'}"


def draw_figures(plan: Plan, frames: Mapping[str, pd.DataFrame], folder: Path) -> list[Picture]:
    """All figures of a suite; what has no results yet is left out."""
    folder.mkdir(parents=True, exist_ok=True)
    colors = method_colors(plan)
    drawn: list[Picture] = []
    for name, frame in frames.items():
        columns = plan.tables[name].columns
        if any(column.shots for column in columns) and frame["value"].notna().any():
            rows = {**dict.fromkeys(frame["row"], style.FAINT), **_by_rest(frame["row"], colors)}
            path = style.save(figures.accuracy_vs_shots(frame, columns, rows), folder / f"{name}_shots.png")
            drawn.append(Picture(path, f"{plan.tables[name].title}: accuracy against training videos per class."))
    for protocol in dict.fromkeys(run.protocol for run in plan.runs.values() if run.trained):
        drawn += _training_figures(plan, protocol, colors, folder)
    for role, evaluations in class_evaluations(plan).items():
        drawn += _class_figures(plan, role, evaluations, colors, folder)
    return drawn


def method_colors(plan: Plan) -> dict[str, str]:
    """One colour per method of the suite, by its name in tables."""
    runs = list(plan.runs.values())
    return style.colors(map(results.display, runs), [results.display(run) for run in runs if not run.trained])


def class_evaluations(plan: Plan) -> dict[str, list[Evaluation]]:
    """Dataset -> the evaluations compared class by class: most shots (or zero-shot), first split, fine-tuned weights."""
    found: dict[str, list[Evaluation]] = {}
    for role in plan.suite.datasets:
        runs = [run for run in plan.runs.values() if any(e.role == role for e in plan.evaluations(run.name))]
        most = max((run.shots or 0 for run in runs), default=0)
        for run in runs:
            if not run.trained or (run.shots or 0) == most:
                of_run = [e for e in plan.evaluations(run.name) if e.role == role and not e.we]
                found.setdefault(role, []).extend(of_run[:1])
    return {role: evaluations for role, evaluations in found.items() if evaluations}


def _by_rest(rows: pd.Series, colors: Mapping[str, str]) -> dict[str, str]:
    """The methods' own colours, and for rows without a method the palette's other end."""
    others = [row for row in dict.fromkeys(rows) if row not in colors]
    rest = [color for color in reversed(style.PALETTE) if color not in colors.values()] or [style.UNTRAINED]
    return {**colors, **{row: rest[i % len(rest)] for i, row in enumerate(others)}}


def _training_figures(plan: Plan, protocol: str, colors: Mapping[str, str], folder: Path) -> list[Picture]:
    histories = results.histories(plan, protocol)
    name = protocol.replace("_", "-")
    wanted = [
        ("loss", "training loss (nats)", f"{name}: training loss by epoch (mixed videos, smoothed labels)."),
        ("val_top1", "validation top-1 (%)", f"{name}: top-1 on the validation split by epoch, one centre view."),
    ]
    drawn = []
    for column, label, caption in wanted:
        known = {key: history for key, history in histories.items() if column in history and history[column].notna().any()}
        if known:
            figure = figures.training_curves(known, column, label, colors)
            drawn.append(Picture(style.save(figure, folder / f"{column}_{protocol}.png"), caption))
    return drawn


def _class_figures(
    plan: Plan, role: str, evaluations: list[Evaluation], colors: Mapping[str, str], folder: Path
) -> list[Picture]:
    split = evaluations[0].split
    names = results.class_names(plan, role, split)
    confusions = results.confusions(plan, evaluations, len(names)) if names else {}
    if not confusions:
        return []
    shots = [run.shots for e in evaluations if (run := plan.run(e.run)).shots]
    what = f"{DATASETS.get(role, role)} {split}" + (f", K = {shots[0]}" if shots else ", zero-shot")
    for table, stem in ((per_class(confusions, names), "per_class"), (confused_pairs(confusions, names), "confused_pairs")):
        with atomic(folder / f"{stem}_{role}.csv") as part:
            table.to_csv(part, index=False)
    by_class = figures.class_accuracies(confusions, names, f"Accuracy by class, {what}", colors)
    matrices = figures.confusion_matrices(confusions, names, f"Confusion, {what}")
    return [
        Picture(style.save(by_class, folder / f"per_class_{role}.png"), f"Top-1 accuracy by class, {what}."),
        Picture(
            style.save(matrices, folder / f"confusion_{role}.png"),
            f"Which classes are taken for which, {what}. Pairs that a method does not tell apart stand side by side; "
            f"confused_pairs_{role}.csv lists them.",
        ),
    ]


def _page(plan: Plan, frames: Mapping[str, pd.DataFrame], drawn: list[Picture]) -> str:
    base = layout.reports(plan.suite.name)
    sections = []
    for name, frame in frames.items():
        runs = {
            key: sorted({run for text in part["runs"] for run in text.split(";") if run})
            for key, part in frame.groupby(["group", "row"])
        }
        sections.append(table_section(name, table_grid(plan, name, frame), runs))  # type: ignore[arg-type]
    if drawn:
        sections.append(Section("figures", "Figures", pictures(drawn, base)))
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


def git_commit() -> str:
    """The checkout's commit, with a note when files differ from it; empty outside git."""
    try:
        told = ["git", "describe", "--always", "--abbrev=12", "--exclude=*", "--dirty= (with changes)"]
        return subprocess.run(told, capture_output=True, text=True, check=True, timeout=10).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""


def _videos(plan: Plan) -> str:
    tested, broken = results.coverage(plan), results.broken_videos(plan)
    text = "<p>Videos of each tested split that the lists name, and how many of them were tested.</p>" + frame_table(tested)
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
    lines = [f"{escape(name)}: {_percent(part, 'top1')} / {_percent(part, 'top5')}" for name, part in parts.items()]
    title = f"{len(lines)} ({' / '.join(METRICS.values())} in percent)"
    return folded(title, "<br>".join(lines)) if lines else ""


def _percent(part: Mapping[str, float], metric: str) -> str:
    return f"{part[metric]:.1f}" if metric in part and np.isfinite(part[metric]) else "–"
