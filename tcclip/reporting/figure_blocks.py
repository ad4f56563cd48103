"""Figures that are made of parts, one below the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from textwrap import fill
from typing import TYPE_CHECKING, NamedTuple

from tcclip.reporting import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure, FigureBase

LETTERS = 14.5  # of an inch of text at 8 points
LINE = 0.16  # inches


class FigureBlock(NamedTuple):
    """A part of a figure."""

    height: float  # inches
    draw: Callable[[FigureBase, float], None]  # on an empty figure of this height and a width in inches


@style.styled
def alone(block: FigureBlock, width: float) -> Figure:
    """A figure of one part, `width` inches wide."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, block.height))
    block.draw(figure, width)
    return figure


@style.styled
def stacked(blocks: Sequence[FigureBlock]) -> Figure:
    """One figure of the usual width with all parts; each has its place for itself."""
    from matplotlib.figure import Figure

    heights = [block.height for block in blocks]
    figure = Figure(figsize=(style.WIDTH, sum(heights)))
    places = figure.subfigures(len(blocks), 1, squeeze=False, height_ratios=heights).flat
    for block, place in zip(blocks, places, strict=True):
        block.draw(place, style.WIDTH)
    return figure


def heading(text: str) -> FigureBlock:
    """A line in bold."""
    height = 0.3
    return FigureBlock(height, lambda figure, width: _write(figure, text, 0.05 / width, 0.4, "bold"))


def note(text: str) -> FigureBlock:
    """Plain sentences."""
    lines = wrapped(text, style.WIDTH)
    height = LINE * (lines.count("\n") + 2)
    return FigureBlock(height, lambda figure, width: _write(figure, lines, 0.05 / width, 0.5, "normal"))


def wrapped(text: str, width: float) -> str:
    """Plain sentences in lines of so many inches, which end in no equation."""
    return fill(text.replace(" = ", "\u00a0=\u00a0"), int(width * LETTERS))


def _write(figure: FigureBase, text: str, left: float, middle: float, weight: str) -> None:
    size = 10 if weight == "bold" else 8
    figure.text(left, middle, text, fontsize=size, fontweight=weight, color=style.INK, va="center")
