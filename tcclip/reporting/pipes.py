"""Rows of Markdown tables, whose cells are between pipes."""

from __future__ import annotations

from collections.abc import Iterable


def cell(text: str) -> str:
    """What a person wrote as the text of a cell: a pipe of its own would end it."""
    return " ".join(text.splitlines()).replace("|", r"\|")


def row(cells: Iterable[str]) -> str:
    """A line of a table."""
    return f"| {' | '.join(map(cell, cells))} |"
