"""The page reports/<suite>/index.html: one file with everything inside, readable without a network or a script."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from pathlib import Path

import pandas as pd

from tcclip.reporting.formats import text_of
from tcclip.reporting.grid import DASH, Entry, Grid, number, spans
from tcclip.reporting.page_style import CSS

PIXELS = 0.75  # of the page for one of a figure, so that type has one size in all figures


@dataclass(frozen=True)
class Picture:
    """A figure of the page."""

    path: Path
    section: str  # the part of the page it stands in
    caption: str


@dataclass(frozen=True)
class Section:
    """A headed part of the page; `body` is HTML."""

    anchor: str
    title: str
    body: str


def page(title: str, facts: Mapping[str, str], sections: Sequence[Section]) -> str:
    """The whole document; `facts` are shown under the title."""
    links = "".join(f'<a href="#{s.anchor}">{escape(s.title)}</a>' for s in sections)
    parts = "".join(f'<section id="{s.anchor}"><h2>{escape(s.title)}</h2>{s.body}</section>' for s in sections)
    known = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in facts.items())
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>\n{CSS}</style></head>\n'
        f"<body><header><h1>{escape(title)}</h1><dl>{known}</dl><nav>{links}</nav></header>\n<main>{parts}</main></body></html>\n"
    )


def table_section(name: str, shown: Grid, runs: Mapping[tuple[str, str], Sequence[str]]) -> Section:
    """A table with its notes and links to its files; `runs` of a row (group, row) appear when one points at it."""
    links = " ".join(f'<a href="tables/{name}.{suffix}">.{suffix}</a>' for suffix in ("csv", "md", "tex"))
    notes = "".join(f"<li>{escape(note)}</li>" for note in shown.notes)
    body = f'<div class="wide">{_grid(shown, runs)}</div><ul class="notes">{notes}<li>Files: {links}</li></ul>'
    return Section(name, shown.title, body)


def pictures(items: Sequence[Picture], base: Path) -> str:
    """Figures, embedded; each links to its file, `base` is the page's folder."""
    found = []
    for item in items:
        data = item.path.read_bytes()
        width = round(int.from_bytes(data[16:20], "big") * PIXELS)  # a PNG's width stands in its bytes 16 to 19
        link, caption = escape(str(item.path.relative_to(base))), escape(item.caption)
        image = f'<img src="data:image/png;base64,{base64.b64encode(data).decode()}" width="{width}" alt="{caption}">'
        found.append(f'<figure><a href="{link}">{image}</a><figcaption>{caption}</figcaption></figure>')
    return "".join(found)


def frame_table(frame: pd.DataFrame, raw: Sequence[str] = ()) -> str:
    """A plain table of a frame; columns in `raw` already hold HTML, numbers are set to the right."""
    numeric = {name for name in frame.columns if pd.api.types.is_numeric_dtype(frame[name])}
    head = "".join(f"<th{_class(name in numeric)}>{escape(str(name))}</th>" for name in frame.columns)
    rows = []
    for line in frame.itertuples(index=False):
        cells = [
            f"<td{_class(name in numeric)}>{_text(value) if name not in raw else value}</td>"
            for name, value in zip(frame.columns, line, strict=True)
        ]
        rows.append(f"<tr>{''.join(cells)}</tr>")
    table = f'<table class="plain"><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table>'
    return f'<div class="wide">{table}</div>'


def folded(title: str, body: str) -> str:
    """`body` behind a line that opens it."""
    return f"<details><summary>{escape(title)}</summary>{body}</details>"


def _grid(shown: Grid, runs: Mapping[tuple[str, str], Sequence[str]]) -> str:
    tops = "".join(f'<th colspan="{width}" class="top">{escape(top)}</th>' for top, width in spans(shown.headings))
    subs = "".join(f"<th>{escape(head.sub)}</th>" for head in shown.headings)
    rows = []
    for group, lines in groupby(shown.lines, key=lambda line: line.group):
        if group:
            rows.append(f'<tr class="group"><th colspan="{len(shown.headings) + 1}">{escape(group)}</th></tr>')
        for line in lines:
            names = runs.get((line.group, line.row), ())
            title = f' title="{escape(", ".join(names))}"' if names else ""
            rows.append(f"<tr><th{title}>{escape(line.row)}</th>{''.join(map(_entry, line.entries))}</tr>")
    head = f"<thead><tr><th></th>{tops}</tr><tr><th>Method</th>{subs}</tr></thead>"
    return f'<table class="results">{head}<tbody>{"".join(rows)}</tbody></table>'


def _entry(entry: Entry) -> str:
    if entry.value is None:
        return f'<td class="empty">{DASH}</td>'
    kind = "quoted" if entry.quoted else "best" if entry.best else ""
    paper = f' title="paper: {number(entry.published)}"' if entry.published is not None else ""
    value, *std = text_of(entry).split(" ", 1)
    return f'<td class="{kind}"{paper}>{value}{f"<small> {std[0]}</small>" if std else ""}</td>'


def _class(is_number: bool) -> str:
    return ' class="number"' if is_number else ""


def _text(value: object) -> str:
    return "" if pd.isna(value) else escape(f"{value:g}" if isinstance(value, float) else str(value))  # type: ignore[call-overload]
