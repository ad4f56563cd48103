"""A picture of what a video's context tokens are made of: its frames, seeds in their token's colour (Fig. 6)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tcclip.errors import UserError, unknown
from tcclip.params.variants import place_of
from tcclip.plan import Plan, layout
from tcclip.reporting import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TRACE = "tc.trace=true"
SHOWN = 8  # context tokens in colour, those of the most seeds
STRENGTH = 0.65  # of the colour on a seed
DIMMED = 0.45  # brightness of patches that are no seeds


def draw_tokens(plan: Plan, run: str, evaluation: str, video: str, out: Path) -> str:
    """Draw one video of an evaluation of a run whose method has `tc.trace: true`; returns a line about it."""
    from tcclip.data.clips.testing import test_frames
    from tcclip.data.videos.frames import open_frames

    named = {e.name: e for e in plan.evaluations(plan.run(run).name)}
    if evaluation not in named:
        raise unknown("evaluation", evaluation, named)
    path = layout.token_trace(plan.suite.name, run, evaluation)
    method, arguments = plan.run(run).method, plan.run(run).arguments
    if not path.is_file():
        traced = (tc := plan.method(method).tc) is not None and tc.trace
        once = f"`tcclip evaluate {arguments} --set {TRACE}` writes it, and then give --set {TRACE} here as well; or "
        raise UserError(
            f"{path} is not there: `tcclip evaluate {arguments}` writes it"
            if traced
            else f"{path} is not there: {once}set tc.trace to true in {place_of(method)}"
        )
    content = np.load(path)
    videos = content["video"].tolist()
    if video not in videos:
        raise unknown("video", video, videos)
    row, sizes = videos.index(video), plan.suite.backbone.architecture
    store = open_frames(layout.frames(plan.dataset(named[evaluation].role).name))
    frames = store.read(video, content["frame"][row])
    squares = test_frames(frames, sizes.image_size, centre=plan.method(method).centre)
    clip = squares.astype(np.float32) / np.float32(255)  # (T, S, S, 3)
    painted = paint(clip, content["seed"][row], content["token"][row], sizes.patch_size)
    style.save(film_strip(painted, content["frame"][row].tolist(), f"{video}   {run}   {evaluation}"), out)
    return f"{out}: {len(np.unique(content['token'][row]))} context tokens, the {SHOWN} of the most seeds in colour"


def paint(
    clip: NDArray[np.float32], seeds: NDArray[np.int16], tokens: NDArray[np.int16], patch: int
) -> NDArray[np.float32]:
    """Frames (T, S, S, 3) in 0..1: seeds of the largest context tokens in colour, other seeds plain, the rest dimmed.

    seeds (T, s): patches of a frame, row by row; tokens (T, s): the context token of each; patch: pixels.
    """
    from matplotlib.colors import to_rgb

    numbers, counts = np.unique(tokens, return_counts=True)
    largest = numbers[np.argsort(-counts, kind="stable")][:SHOWN].tolist()
    across = clip.shape[2] // patch
    painted: NDArray[np.float32] = clip * np.float32(DIMMED)
    for frame, (places, groups) in enumerate(zip(seeds.tolist(), tokens.tolist(), strict=True)):
        for place, group in zip(places, groups, strict=True):
            top, left = place // across * patch, place % across * patch
            area = np.s_[frame, top : top + patch, left : left + patch]
            painted[area] = clip[area]
            if group in largest:
                color = np.asarray(to_rgb(style.PALETTE[largest.index(group)]), dtype=np.float32)
                painted[area] = (1 - STRENGTH) * clip[area] + STRENGTH * color
    return painted


@style.styled
def film_strip(frames: NDArray[np.float32], numbers: list[int], title: str) -> Figure:
    """Frames (T, S, S, 3) in 0..1 in rows of eight, with their numbers in the video."""
    figure, axes = style.panels(len(frames), 8, height=1.35)
    for axis, frame, number in zip(axes, frames, numbers, strict=True):
        axis.imshow(frame.clip(0, 1), interpolation="nearest")
        axis.set_axis_off()
        axis.set_title(f"frame {number}", fontsize=7, fontweight="normal")
    figure.suptitle(title, fontsize=9)
    return figure
