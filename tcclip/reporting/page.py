"""The page reports/<suite>/index.html: one file with everything inside, readable without a network or a script.

What it looks like is in templates/; here is what goes into them.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import pandas as pd
from markupsafe import Markup

from tcclip.reporting.formats import text_of
from tcclip.reporting.grid import Grid, number
from tcclip.reporting.headings import spans
from tcclip.reporting.html import part, templates

TEMPLATES = templates(Path(__file__).with_name("templates"))
PIXELS = 0.75  # of the page for one of a figure, so that type has one size in all figures


@dataclass(frozen=True)
class Picture:
    """A figure of the page."""

    path: Path
    section: str  # the part of the page it stands in
    caption: str


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


def page(title: str, facts: Mapping[str, str], sections: Sequence[Section]) -> str:
    """The whole document; `facts` are shown under the title."""
    return TEMPLATES.get_template("page.html").render(title=title, facts=facts, sections=sections)


def table_section(name: str, shown: Grid, runs: Mapping[tuple[str, str], Sequence[str]]) -> Section:
    """A table with its notes and links to its files; `runs` of a row (group, row) appear when one points at it."""
    groups = [(group, list(lines)) for group, lines in groupby(shown.lines, key=lambda line: line.group)]
    known = {"tops": spans(shown.headings), "groups": groups, "text_of": text_of, "number": number}
    results = a_part("results", shown=shown, runs=runs, **known)
    return Section(name, shown.title, a_part("table", name=name, results=results, notes=shown.notes))


def pictures(items: Sequence[Picture], base: Path) -> Markup:
    """Figures, embedded; each links to its file, `base` is the page's folder."""
    found = Markup()
    for item in items:
        png = item.path.read_bytes()
        width = round(int.from_bytes(png[16:20], "big") * PIXELS)  # a PNG's width stands in its bytes 16 to 19
        link, data = item.path.relative_to(base), base64.b64encode(png).decode()
        found += a_part("figure", link=link, data=data, width=width, caption=item.caption)
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
