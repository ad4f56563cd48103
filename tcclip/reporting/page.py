"""The page reports/<suite>/index.html: one file with everything inside, readable without a network or a script.

What it looks like is in templates/, and what its script adds: sorted rows, and where a number comes from. Here is what
goes into them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup

from tcclip.reporting.embedding import Look, embedded
from tcclip.reporting.formats import text_of
from tcclip.reporting.grid import Grid, GridLine
from tcclip.reporting.grid_marks import about
from tcclip.reporting.headings import spans
from tcclip.reporting.html import part, templates

TEMPLATES = templates(Path(__file__).with_name("templates"))
OF_TEMPLATE = ("chain", "chains", "chain-title")  # names of its own parts


@dataclass(frozen=True)
class Picture:
    """A figure of the page."""

    path: Path
    section: str  # the part of the page it stands in
    caption: str
    look: Look = "drawing"


@dataclass(frozen=True)
class Section:
    """A headed part of the page."""

    anchor: str
    title: str
    body: Markup


@dataclass(frozen=True)
class Column:
    """The heading of a plain table's column; numbers are set to the right."""

    name: str
    numeric: bool


def page(title: str, facts: Mapping[str, str], sections: Sequence[Section], chains: Mapping[str, Any]) -> str:
    """The whole document; `facts` are shown under the title, `chains` by a click on a cell (chains_on_page.py)."""
    data = json.dumps(chains, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")  # ends no element
    return TEMPLATES.get_template("page.html").render(
        title=title, facts=facts, sections=_apart(sections), chains=Markup(data)
    )


def _apart(sections: Sequence[Section]) -> list[Section]:
    """Sections with anchors of their own: a dataset of yours, whose table has its name, may be called `videos`."""
    taken, found = set(OF_TEMPLATE), []
    for section in sections:
        anchor, number = section.anchor, 1
        while anchor in taken:
            number += 1
            anchor = f"{section.anchor}-{number}"
        taken.add(anchor)
        found.append(replace(section, anchor=anchor))
    return found


def table_section(
    name: str,
    shown: Grid,
    runs: Mapping[tuple[str, str], Sequence[str]],
    chain: Callable[[GridLine, int], int | None] = lambda line, column: None,
    charts: str = "",
) -> Section:
    """A table with its notes and links to its files.

    Args:
        runs: of a row (group, row); they appear when one points at it.
        chain: the place of a cell's chain in what the page's script reads, by line and column.
        charts: where MLflow's charts of it are, for an ablation.
    """
    groups = [(group, list(lines)) for group, lines in groupby(shown.lines, key=lambda line: line.group)]
    known = {"tops": spans(shown.headings), "groups": groups, "text_of": text_of, "about": about}
    results = a_part("results", shown=shown, runs=runs, chains=chain, **known)
    return Section(name, shown.title, a_part("table", name=name, results=results, notes=shown.notes, charts=charts))


def pictures(items: Sequence[Picture], base: Path) -> Markup:
    """Figures, embedded; each links to its file and its PDF, if it has one; `base` is the page's folder."""
    found = Markup()
    for item in items:
        small = embedded(item.path, item.look)
        pdf = item.path.with_suffix(".pdf")
        more = [pdf.relative_to(base)] if pdf.is_file() else []
        link = item.path.relative_to(base)
        found += a_part("figure", link=link, data=small.uri, width=small.width, caption=item.caption, more=more)
    return found


def frame_table(frame: pd.DataFrame) -> Markup:
    """A plain table of a frame; cells may hold markup."""
    columns = [Column(str(name), pd.api.types.is_numeric_dtype(frame[name])) for name in frame.columns]
    rows = [[_text(value) for value in line] for line in frame.itertuples(index=False)]
    return a_part("plain", columns=columns, rows=rows)


def a_part(macro: str, **values: object) -> Markup:
    """What a macro of templates/parts.html makes of `values`."""
    return part(TEMPLATES, "parts.html", macro, **values)


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    return "" if pd.isna(value) else f"{value:g}" if isinstance(value, float) else str(value)  # type: ignore[call-overload]
