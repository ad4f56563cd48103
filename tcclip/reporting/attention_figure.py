"""Pictures of attention (paper, Figures 1 and 7): a video's frames, and below them a row of overlays for each run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tcclip.attention.reading import Seen
from tcclip.reporting import style
from tcclip.reporting.film import write_film
from tcclip.reporting.overlay import COLOURS, Array, end_of_scale, overlaid, relative

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHOWN = 8  # frames side by side
BESIDE = 1.75  # inches for what a row says
SIDE = (style.WIDTH - BESIDE) / SHOWN  # inches of a frame
BELOW = 0.8  # inches for the scale and the caption
LETTERS = 26  # of a line beside a row
SUFFIXES = (".png", ".pdf", ".gif", ".mp4")


def write_attention(rows: Sequence[Seen], caption: str, out: Path) -> None:
    """Write a still picture, or a film that shows the frames one after the other.

    The frames are those of the first run. caption: what is seen.
    """
    numbers = rows[0].clip.numbers.tolist()
    maps = [relative(row.patches) for row in rows]
    end = end_of_scale(maps)
    painted = [overlaid(row.clip.pictures, each, end) for row, each in zip(rows, maps, strict=True)]
    if out.suffix in (".gif", ".mp4"):
        frames = rows[0].clip.pictures.shape[0]
        write_film([_moment(rows, painted, numbers, at, frames, end, caption) for at in range(frames)], out)
    else:
        style.save(still(rows, painted, numbers, end, caption), out)


@style.styled
def still(rows: Sequence[Seen], painted: Sequence[Array], numbers: Sequence[int], end: float, caption: str) -> Figure:
    """Frames, then a row of overlays (T, S, S, 3) in 0..1 for each run, its predictions beside it."""
    from matplotlib.figure import Figure

    count = min(len(numbers), SHOWN)
    side = (style.WIDTH - BESIDE) / count if count > 4 else SIDE * 2
    width, height = BESIDE + count * side, (len(rows) + 1) * side + 0.25 + BELOW
    figure = Figure(figsize=(width, height))
    grid = figure.subplots(
        len(rows) + 1,
        count,
        squeeze=False,
        gridspec_kw={
            "left": BESIDE / width,
            "right": 1 - 0.02 / width,
            "top": 1 - 0.22 / height,
            "bottom": BELOW / height,
            "wspace": 0.03,
            "hspace": 0.03,
        },
    )
    for column, at in enumerate(_spread(len(numbers), count)):
        _show(grid[0, column], rows[0].clip.pictures[at])
        grid[0, column].set_title(f"frame {numbers[at]}", fontsize=8, fontweight="normal", loc="center", pad=3)
    _beside(grid[0, 0], "the video's frames", [])
    for row, frames, axes in zip(rows, painted, grid[1:], strict=True):
        for axis, at in zip(axes, _spread(len(frames), count), strict=True):
            _show(axis, frames[at])
        _beside(axes[0], row.name, row.predictions)
    _scale(figure, end, (0.03, 0.6 * BELOW / height, (BESIDE - 0.75) / width, 0.1 / height))
    figure.text(BESIDE / width, 0.8 * BELOW / height, fill(caption, int((width - BESIDE) * 14.5)), fontsize=8, va="top")
    return figure


@style.styled
def _moment(
    rows: Sequence[Seen],
    painted: Sequence[Array],
    numbers: Sequence[int],
    at: int,
    frames: int,
    end: float,
    caption: str,
) -> Figure:
    """One frame of the film: the picture, and beside it what each run sees of it."""
    from matplotlib.figure import Figure

    side, columns = 2.4, len(rows) + 1
    figure = Figure(figsize=(side * columns, side + 1.45), dpi=100)
    bottom, top = 0.55 / (side + 1.45), 1 - 0.9 / (side + 1.45)
    axes = figure.subplots(
        1,
        columns,
        squeeze=False,
        gridspec_kw={"left": 0.01, "right": 0.99, "bottom": bottom, "top": top, "wspace": 0.03},
    )[0]
    _show(axes[0], rows[0].clip.pictures[at])
    axes[0].set_title(f"frame {numbers[at]}", fontsize=9)
    for axis, row, pictures in zip(axes[1:], rows, painted, strict=True):
        _show(axis, pictures[at * len(pictures) // frames])
        says = "\n".join(f"{share:4.0%} {name}" for name, share in row.predictions[:2])
        axis.set_title(
            f"{row.name if len(row.name) <= 40 else chr(10).join(in_lines(row.name))}\n{says}",
            fontsize=8,
            fontweight="normal",
        )
    figure.text(0.01, 0.02, fill(caption, int(side * columns * 15)), fontsize=7, va="bottom")
    return figure


def _spread(total: int, count: int) -> list[int]:
    """`count` of `total` places, evenly spread."""
    return [(2 * place + 1) * total // (2 * count) for place in range(count)]


def _show(axis: Axes, picture: NDArray[np.generic]) -> None:
    axis.imshow(picture, interpolation="bilinear")
    axis.set_axis_off()


def _beside(axis: Axes, name: str, predictions: Sequence[tuple[str, float]]) -> None:
    """What a row is, at the left of its first frame."""
    lines = [*in_lines(name), "", *(f"{share:.0%} {_cut(cls)}" for cls, share in predictions)]
    axis.text(-0.08, 0.5, "\n".join(lines).strip(), transform=axis.transAxes, ha="right", va="center", fontsize=8)


def in_lines(name: str) -> list[str]:
    """A run's name in lines that end between its parts."""
    lines = [""]
    for part in name.split("-"):
        joined = f"{lines[-1]}-{part}" if lines[-1] else part
        if len(joined) <= LETTERS:
            lines[-1] = joined
        else:
            lines[-1] += "-"
            lines.append(part)
    return lines


def _cut(name: str) -> str:
    return name if len(name) <= LETTERS - 5 else name[: LETTERS - 6] + "…"


def _scale(figure: Figure, end: float, place: tuple[float, float, float, float]) -> None:
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    axis = figure.add_axes(place)
    bar = figure.colorbar(ScalarMappable(Normalize(0, end), COLOURS), cax=axis, orientation="horizontal")
    bar.outline.set_visible(False)
    bar.set_ticks([0, 1, end], labels=["0", "mean", f"{end:.1f} times"])
    axis.tick_params(labelsize=8, length=2)
