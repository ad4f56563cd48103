"""A table as CSV, Markdown and LaTeX."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import pandas as pd

from tcclip.process.files import write_text
from tcclip.reporting import pipes
from tcclip.reporting.grid import BEYOND, DASH, DOWN, DRAWN, INCOMPLETE, QUOTED, UP, Grid, GridCell, marks, number
from tcclip.reporting.headings import Heading, spans
from tcclip.reporting.last_epoch import ABOUT, beside_best

LATEX_MARKS = {
    QUOTED: r"$^\dagger$",
    INCOMPLETE: r"$^\ddagger$",
    DRAWN: r"$^\S$",
    UP: r"$^\uparrow$",
    BEYOND: r"$^\diamond$",
    DOWN: r"$^\downarrow$",
}

ESCAPES = str.maketrans(
    {
        "\\": r"\textbackslash{}", "[": "{[}", "&": r"\&", "%": r"\%", "_": r"\_", "#": r"\#", "$": r"\$", "{": r"\{",
        "}": r"\}", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": "$<$", ">": "$>$", "|": "$|$",
        "±": r"$\pm$", DASH: "--", **LATEX_MARKS,
    }
)  # fmt: skip


def write_formats(frame: pd.DataFrame, shown: Grid, csv: Path, last: pd.DataFrame | None = None) -> None:
    """Write `frame` to `csv`, and `shown` beside it as .md and .tex; `last` is of last epochs' weights."""
    write_text(csv, frame.to_csv(index=False, lineterminator="\n"))
    write_text(csv.with_suffix(".md"), markdown(shown, frame) + (_last_epoch(frame, last) if last is not None else ""))
    write_text(csv.with_suffix(".tex"), latex(shown, csv.stem))


def markdown(shown: Grid, frame: pd.DataFrame | None = None) -> str:
    """A Markdown table with its notes; with `frame`, measured values are compared with the paper's below it."""
    heads = ["Method", *_flat(shown.headings)]
    rows: list[list[str]] = []
    for group, lines in groupby(shown.lines, key=lambda line: line.group):
        if group:
            rows.append([f"*{group}*", *[""] * len(shown.headings)])
        rows += [[line.row, *map(_markdown_cell, line.entries)] for line in lines]
    heads, *rows = ([pipes.cell(text) for text in line] for line in (heads, *rows))
    widths = [max(len(row[i]) for row in [heads, *rows]) for i in range(len(heads))]
    rule = [":" + "-" * (widths[0] - 1), *("-" * (max(width, 3) - 1) + ":" for width in widths[1:])]
    body = [_markdown_row(row, widths) for row in [heads, rule, *rows]]
    text = f"# {shown.title}\n\n" + "\n".join(body) + "\n\n" + "\n".join(f"{note}  " for note in shown.notes) + "\n"
    return text + (_comparison(frame) if frame is not None else "")


def latex(shown: Grid, label: str) -> str:
    """A table environment; the title's own "Table 2." is left to LaTeX."""
    title = re.sub(r"^Table \S+ ", "", shown.title).rstrip(".") + "."
    return "\n".join(
        [
            r"% \usepackage{booktabs,graphicx}",
            r"\begin{table}[t]",
            r"\centering",
            rf"\caption{{{_escape(' '.join([title, *shown.notes]))}}}",
            rf"\label{{tab:{label}}}",
            r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%",
            rf"\begin{{tabular}}{{l{'c' * len(shown.headings)}}}",
            r"\toprule",
            *_latex_head(shown.headings),
            *_latex_body(shown),
            r"\bottomrule",
            r"\end{tabular}}",
            r"\end{table}",
            "",
        ]
    )


def _latex_head(heads: list[Heading]) -> Iterator[str]:
    """The columns' names in two lines, with rules below what spans several."""
    tops, rules, at = [""], [], 2
    for top, width in spans(heads):
        tops.append(rf"\multicolumn{{{width}}}{{c}}{{{_escape(top)}}}")
        if width > 1:
            rules.append(rf"\cmidrule(lr){{{at}-{at + width - 1}}}")
        at += width
    yield _latex_row(tops)
    if rules:
        yield " ".join(rules)
    yield _latex_row(["Method", *(_escape(head.sub) for head in heads)])


def _latex_body(shown: Grid) -> Iterator[str]:
    for group, lines in groupby(shown.lines, key=lambda line: line.group):
        yield r"\midrule"
        if group:
            yield rf"\multicolumn{{{len(shown.headings) + 1}}}{{l}}{{\textit{{{_escape(group)}}}}} \\"
        for line in lines:
            yield _latex_row([_escape(line.row), *map(_latex_cell, line.entries)])


def _latex_row(cells: list[str]) -> str:
    return " & ".join(cells) + r" \\"


def text_of(entry: GridCell) -> str:
    """A cell in plain text: 53.7 ± 0.7 (0.4) with its marks, a dash when empty."""
    if entry.value is None:
        return DASH
    std = f" ± {number(entry.std)}" if entry.std is not None else ""
    seeds = f" ({number(entry.std_seeds)})" if entry.std_seeds is not None else ""
    return " ".join([number(entry.value, entry.decimals) + std + seeds, *marks(entry)])


def _flat(heads: list[Heading]) -> list[str]:
    """Headings for one line: the top is said once, where it starts."""
    before = [None, *heads[:-1]]
    return [
        head.sub if last and head.sub and last.top == head.top else f"{head.top} {head.sub}".strip()
        for last, head in zip(before, heads, strict=True)
    ]


def _markdown_cell(entry: GridCell) -> str:
    return f"**{text_of(entry)}**" if entry.best else text_of(entry)


def _markdown_row(cells: list[str], widths: list[int]) -> str:
    first, *rest = cells
    padded = [cell.rjust(max(width, 3)) for cell, width in zip(rest, widths[1:], strict=True)]
    aligned = [first.ljust(widths[0]), *padded]
    return "| " + " | ".join(aligned) + " |"


def _comparison(frame: pd.DataFrame) -> str:
    both = frame[(frame["source"] == "measured") & frame["published"].notna()]
    if both.empty:
        return ""
    lines = [
        pipes.row([c.group, c.row, c.column, f"{c.value:.1f}", f"{c.published:.1f}", f"{c.value - c.published:+.1f}"])
        for c in both.itertuples(index=False)
    ]
    head = "| Group | Method | Column | Measured | Paper | Difference |\n| :- | :- | :- | -: | -: | -: |\n"
    return "\n## Measured against the paper\n\n" + head + "\n".join(lines) + "\n"


def _last_epoch(frame: pd.DataFrame, last: pd.DataFrame) -> str:
    """What the best of several test accuracies hides, for the cells whose runs keep both."""
    lines = [pipes.row(line) for line in beside_best(frame, last).itertuples(index=False)]
    if not lines:
        return ""
    heads = ["Group", "Method", "Column", "Best epoch", "Last epoch", "Difference", "Interval of the last"]
    head = f"| {' | '.join(heads)} |\n| :- | :- | :- | -: | -: | -: | -: |\n"
    return f"\n## The last epoch\n\n{ABOUT}\n\n{head}" + "\n".join(lines) + "\n"


def _latex_cell(entry: GridCell) -> str:
    if entry.value is None:
        return "--"
    digits = number(entry.value, entry.decimals)
    value = rf"\textbf{{{digits}}}" if entry.best else digits
    std = rf"{{\scriptsize$\pm${number(entry.std)}}}" if entry.std is not None else ""
    seeds = rf"{{\scriptsize\,({number(entry.std_seeds)})}}" if entry.std_seeds is not None else ""
    return value + std + seeds + "".join(LATEX_MARKS[mark] for mark in marks(entry))


def _escape(text: str) -> str:
    return text.translate(ESCAPES)
