"""The report of a suite: figures, headline numbers and the page that shows everything."""

from __future__ import annotations

import dataclasses
import datetime
import functools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from markupsafe import Markup

from tcclip.params.gallery import load_gallery
from tcclip.plan import Plan, layout
from tcclip.process import git
from tcclip.process.files import write_json, write_text
from tcclip.process.folders import new_folder
from tcclip.reporting import results, verdicts
from tcclip.reporting.cells import read_table, runs_of
from tcclip.reporting.chains_on_page import DataBehind, Explained, explained
from tcclip.reporting.claims_section import claims_sections
from tcclip.reporting.comparisons import all_comparisons
from tcclip.reporting.gallery import galleries
from tcclip.reporting.grid import DASH, GridLine
from tcclip.reporting.headings import METRICS
from tcclip.reporting.last_epoch import ABOUT, beside_best
from tcclip.reporting.mlflow_page import write_mlflow_page
from tcclip.reporting.page import Picture, Section, a_part, frame_table, page, pictures, table_section
from tcclip.reporting.paper_figures import paper_figures
from tcclip.reporting.per_class import PAIR
from tcclip.reporting.suite_figures import class_evaluations, draw_charts
from tcclip.reporting.summary import all_cells, summary, write_curves
from tcclip.reporting.tables import last_epoch_frame, results_of, table_grid


def write_report(plan: Plan, so_far: bool = False, data_behind: DataBehind = lambda run: ()) -> str:
    """Write the page, its charts, and the numbers and curves for DVC, from tables and run folders.

    Args:
        so_far: the page and its charts alone, of the tables that are there while others are still to be filled.
        data_behind: the files that a run was trained and evaluated with, for what a cell says of itself.
    """
    folder = layout.reports(plan.suite.name)
    paths = {name: layout.table(plan.suite.name, name) for name in plan.tables}
    frames = {name: read_table(path) for name, path in paths.items() if path.is_file() or not so_far}
    with new_folder(layout.charts(plan.suite.name)) as new:
        drawn = draw_charts(plan, frames, new)
    if not so_far:
        with new_folder(folder / "curves") as new:
            write_curves(plan, new)
        of_tables = {name: (frame, plan.tables[name].columns) for name, frame in frames.items()}
        write_json(folder / "metrics.json", summary(of_tables))
        write_json(folder / "cells.json", all_cells(frames))
        compared = all_comparisons({name: (frame, plan.tables[name]) for name, frame in frames.items()})
        write_text(folder / "comparisons.csv", compared.to_csv(index=False, lineterminator="\n"))
    shown = [dataclasses.replace(item, path=layout.charts(plan.suite.name) / item.path.name) for item in drawn]
    shown = [*paper_figures(plan.suite.name), *shown]
    first = [] if so_far else [*claims_sections(plan), *verdicts.sections(plan)]
    write_mlflow_page(plan)
    write_text(folder / "index.html", _page(plan, frames, shown, data_behind, first))
    return f"{len(frames)} tables, {len(shown)} figures, {folder / 'index.html'}"


def _page(
    plan: Plan,
    frames: Mapping[str, pd.DataFrame],
    drawn: list[Picture],
    data_behind: DataBehind,
    first: Sequence[Section],
) -> str:
    said = verdicts.of_cells(verdicts.read_verdicts(plan)) if first else {}
    chains = explained(plan, frames, data_behind, said)
    sections = [
        *first,
        *(_table(plan, name, frame, chains) for name, frame in frames.items()),
        *_figures(drawn, layout.reports(plan.suite.name)),
    ]
    if compared := _galleries(plan):
        sections.append(Section("gallery", "Right with one, wrong with another", compared))
    sections.append(Section("videos", "Videos", _videos(plan)))
    sections.append(Section("runs", "Runs", _runs(plan)))
    return page(f"TC-CLIP, suite {plan.suite.name}", _facts(plan, frames), sections, chains.data)


def _facts(plan: Plan, frames: Mapping[str, pd.DataFrame]) -> dict[str, str]:
    """What stands under the page's title."""
    measured = sum(int((frame["source"] == "measured").sum()) for frame in frames.values())
    return {
        "suite": f"{plan.suite.name}: {plan.suite.description}",
        **({"tables so far": f"{len(frames)} of {len(plan.tables)}"} if len(frames) < len(plan.tables) else {}),
        "measured cells": f"{measured} of {sum(map(len, frames.values()))}",
        "written": datetime.datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %Z"),
        "git commit": git_commit() or "not a git checkout",
    }


def _table(plan: Plan, name: str, frame: pd.DataFrame, chains: Explained) -> Section:
    """A table, and below it the last epoch's weights beside the best one's, where a run keeps both."""
    runs = {key: sorted(runs_of(part)) for key, part in frame.groupby(["group", "row"])}
    found, table = results_of(plan, name), plan.tables[name]
    chain = functools.partial(_chain, chains, name, [column.name for column in table.columns])
    charts = f"{layout.mlflow_page(plan.suite.name).name}#{name}" if table.ablation else ""
    section = table_section(name, table_grid(plan, name, frame, found), runs, chain, charts)  # type: ignore[arg-type]
    last = beside_best(frame, last_epoch_frame(plan, name, found))
    more = a_part("last_epoch", about=ABOUT, lines=frame_table(last)) if len(last) else Markup()
    return dataclasses.replace(section, body=section.body + more)


def _figures(drawn: Sequence[Picture], base: Path) -> Iterator[Section]:
    """The parts with figures, in the order of their first ones."""
    for title in dict.fromkeys(item.section for item in drawn):
        items = [item for item in drawn if item.section == title]
        yield Section(title.lower().replace(" ", "-"), title, pictures(items, base) + _confused(items))


def _chain(chains: Explained, table: str, columns: Sequence[str], line: GridLine, column: int) -> int | None:
    return chains.numbers.get((table, line.group, line.row, columns[column]))


def _galleries(plan: Plan) -> Markup:
    """The videos of each dataset that tell methods apart."""
    found = galleries(plan, load_gallery(), class_evaluations(plan))
    roles = dict.fromkeys(item.role for item in found)
    return Markup().join(
        a_part("gallery", display=plan.displays[role], pairs=[item for item in found if item.role == role])
        for role in roles
    )


def _confused(items: list[Picture]) -> Markup:
    """The pairs that methods take for each other, from the CSV beside a confusion matrix."""
    found = Markup()
    for item in items:
        path = item.path.with_name(item.path.stem.replace("confusion", "confused_pairs") + ".csv")
        if item.path.stem.startswith("confusion") and path.is_file():
            pairs = pd.read_csv(path, dtype=dict.fromkeys(PAIR, "str"), keep_default_na=False)
            found += a_part("confused", pairs=frame_table(pairs), count=len(pairs)) if len(pairs) else ""
    return found


def git_commit() -> str:
    """The checkout's commit, with a note when files differ from it, or why it is not known; empty outside git."""
    if not git.in_checkout(Path.cwd()):
        return ""
    try:
        return git.ask("describe", "--always", "--abbrev=12", "--exclude=*", "--dirty= (with changes)")
    except git.GitError as error:
        return f"not known, because {error}"


def _videos(plan: Plan) -> Markup:
    tested, broken = results.coverage(plan), results.broken_videos(plan)
    return a_part("videos", tested=frame_table(tested), broken=frame_table(broken), count=len(broken))


def _runs(plan: Plan) -> Markup:
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
    return frame_table(shown)


def _run_links(run: str, folder: Path, base: Path) -> Markup:
    up = Path(*[".."] * len(base.parts))
    names = ("params.yaml", "metrics.json", "history.csv")
    return a_part("run", name=run, files=[up / folder / name for name in names if (folder / name).is_file()])


def _accuracies(parts: Mapping[str, Mapping[str, float]]) -> Markup:
    lines = [
        f"{name}: {_percent(part, 'top1')} / {_percent(part, 'top5')}, "
        f"{part['n_videos']:,} of {part['listed']:,} videos"
        for name, part in parts.items()
    ]
    return a_part("accuracies", lines=lines, names=" / ".join(METRICS.values())) if lines else Markup()


def _percent(part: Mapping[str, float], metric: str) -> str:
    return f"{part[metric]:.1f}" if metric in part and np.isfinite(part[metric]) else DASH
