"""Rows of a video's frames, side by side: what each row is stands at its left, and a caption below them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from tcclip.data.clips.sampling.sampling import Indices
from tcclip.reporting import style
from tcclip.reporting.figure_blocks import LINE, wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import FigureBase

SHOWN = 8  # frames side by side
LARGEST = 1.8  # inches of a frame
ABOVE = 0.25  # inches, for the frames' numbers


class FrameRows(NamedTuple):
    """What decides where the frames stand; inches."""

    numbers: Indices  # (T,), of the clip's frames in the video
    rows: int
    beside: float  # for what a row is
    caption: str
    least: float  # below the rows, where the caption needs no more

    @property
    def places(self) -> list[int]:
        """The frames of the clip that are shown, evenly spread."""
        total, count = len(self.numbers), min(len(self.numbers), SHOWN)
        return [(2 * place + 1) * total // (2 * count) for place in range(count)]

    @property
    def side(self) -> float:
        """Of a frame."""
        return min((style.WIDTH - self.beside) / len(self.places), LARGEST)

    @property
    def width(self) -> float:
        """Of all, where they stand alone."""
        return self.beside + self._across

    @property
    def below(self) -> float:
        """Under the rows."""
        return room_below(self.caption, self._across, self.least)

    @property
    def height(self) -> float:
        """Of all."""
        return self.rows * self.side + ABOVE + self.below

    def axes(self, figure: FigureBase, width: float) -> Any:
        """Axes (rows, frames) in a figure of this height and a width; the numbers and the caption are written."""
        left, height = self.beside / width, self.height
        edges = {"left": left, "right": 0.998 * self.width / width, "top": 1 - ABOVE / height}
        apart = {"bottom": self.below / height, "wspace": 0.03, "hspace": 0.03}
        grid = figure.subplots(self.rows, len(self.places), squeeze=False, gridspec_kw={**edges, **apart})
        for axis, at in zip(grid[0], self.places, strict=True):
            axis.set_title(f"frame {self.numbers[at]}", fontsize=8, fontweight="normal", loc="center", pad=3)
        said = wrapped(self.caption, self._across)
        figure.text(left, (self.below - LINE) / height, said, fontsize=8, va="top")
        return grid

    @property
    def _across(self) -> float:
        return len(self.places) * self.side


def room_below(text: str, width: float, least: float) -> float:
    """Inches that a caption takes in lines of `width` inches, with a line above it, and not less than `least`."""
    return max(least, LINE * (len(wrapped(text, width).splitlines()) + 1))


def say_beside(axis: Axes, lines: Sequence[str]) -> None:
    """What a row is, at the left of its first frame."""
    axis.text(-0.08, 0.5, "\n".join(lines), transform=axis.transAxes, ha="right", va="center", fontsize=8)
