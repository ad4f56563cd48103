"""A picture of a clip's context tokens (paper, Fig. 6): seeds, the tokens as regions, and one token's track."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from tcclip.attention.tokens import ContextTokens, Token
from tcclip.reporting import style
from tcclip.reporting.figure_blocks import FigureBlock, alone
from tcclip.reporting.frame_rows import FrameRows, say_beside

if TYPE_CHECKING:
    from matplotlib.figure import FigureBase

MARK = np.array([213, 94, 0], dtype=np.float32) / 255  # Okabe and Ito's vermillion
DIMMED = 0.35  # what is left of the colour of patches that are not spoken of, over light grey
GROUND = 0.86
BESIDE, BELOW = 1.5, 0.65  # inches
ROWS = 4
SUFFIXES = (".png", ".pdf")

Array = NDArray[np.float32]
Scalar = TypeVar("Scalar", bound=np.generic)


def write_context(tokens: ContextTokens, video: str, truth: str | None, token: Token, out: Path) -> int:
    """Write the picture of a clip's tokens with the track of one of them, whose number is returned.

    video: what the caption calls it; truth: its class, where it is known.
    """
    number, named = tokens.chosen(token), f"{video} (class {truth})" if truth else video
    figure = alone(tokens_block(tokens, number, named), _rows(tokens, number, named).width)
    style.save(figure, out, caption(tokens, number, named))
    return number


def caption(tokens: ContextTokens, number: int, video: str) -> str:
    """What the picture shows: the run, the video, T and its patches, and the frames that token `number` joins."""
    clip, patches = tokens.clip, tokens.shares.shape[2]
    return (
        f"Context tokens of layer {tokens.layer} of run {tokens.name} in {video}: T = {len(clip.numbers)} frames of "
        f"{patches} patches. Token {number} {joins(tokens, number)}."
    )


def joins(tokens: ContextTokens, number: int) -> str:
    """What a token joins, in words: the numbers of its frames in the video."""
    frames = [str(tokens.clip.numbers[frame]) for frame in tokens.frames_of(number)]
    return f"joins frames {', '.join(frames)}" if frames else "joins no frames: its cluster has lost all of its seeds"


def tokens_block(tokens: ContextTokens, number: int, video: str) -> FigureBlock:
    """Four rows: frames, seeds, regions in the mean colour of their token, the track of token `number`."""
    rows = _rows(tokens, number, video)
    return FigureBlock(rows.height, lambda figure, width: _draw(figure, tokens, number, rows, width))


def _rows(tokens: ContextTokens, number: int, video: str) -> FrameRows:
    return FrameRows(tokens.clip.numbers, ROWS, BESIDE, caption(tokens, number, video), BELOW)


def _draw(figure: FigureBase, tokens: ContextTokens, number: int, rows: FrameRows, width: float) -> None:
    clip = tokens.clip.pictures.astype(np.float32) / np.float32(255)
    joined, track = tokens.frames_of(number), tokens.shares[number] > 0
    of_token = [f"token {number}:", f"{int(track.sum())} patches in", f"{len(joined)} of {len(clip)} frames"]
    shown = [
        (["frames"], clip),
        ([f"{int(tokens.seeds.sum())} seed patches"], spotlight(clip, tokens.seeds)),
        ([f"{len(tokens.shares)} context tokens,", "in the mean colour", "of their patches"], regions(clip, tokens)),
        (of_token, marked(clip, track)),
    ]
    for axes, (lines, pictures) in zip(rows.axes(figure, width), shown, strict=True):
        for axis, at in zip(axes, rows.places, strict=True):
            axis.imshow(pictures[at].clip(0, 1), interpolation="nearest")
            axis.set_axis_off()
        say_beside(axes[0], lines)


def spotlight(clip: Array, patches: NDArray[np.bool_]) -> Array:
    """Frames (T, S, S, 3) with all but `patches` (T, N) pale."""
    shown = _pixels(patches, clip.shape[1])[..., None]
    return np.where(shown, clip, _pale(clip)).astype(np.float32)


def regions(clip: Array, tokens: ContextTokens) -> Array:
    """Every patch of a token in the mean colour of all of its patches; patches that are no seeds are pale."""
    owner = _pixels(tokens.owner, clip.shape[1])
    painted = _pale(clip)
    for token in range(len(tokens.shares)):
        area = owner == token
        if area.any():
            painted[area] = clip[area].mean(axis=0)
    return painted


def marked(clip: Array, patches: NDArray[np.bool_]) -> Array:
    """The patches (T, N) of one token in their colours with a line around each region of them, the rest pale."""
    painted, inside = spotlight(clip, patches), _pixels(patches, clip.shape[1])
    thick = max(1, clip.shape[1] // 56)
    padded = np.pad(inside, ((0, 0), (thick, thick), (thick, thick)))
    size = clip.shape[1]
    steps = range(2 * thick + 1)
    inner = np.all([padded[:, y : y + size, x : x + size] for y in steps for x in steps], axis=0)
    painted[inside & ~inner] = MARK
    return painted


def _pale(clip: Array) -> Array:
    grey = clip.mean(axis=3, keepdims=True)
    return (DIMMED * np.broadcast_to(grey, clip.shape) + (1 - DIMMED) * GROUND).astype(np.float32)


def _pixels(patches: NDArray[Scalar], size: int) -> NDArray[Scalar]:
    """Values of patches (T, N) as those of their pixels, (T, size, size)."""
    across = round(patches.shape[1] ** 0.5)
    square = patches.reshape(-1, across, across)
    return square.repeat(size // across, axis=1).repeat(size // across, axis=2)
