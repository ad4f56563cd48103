"""How far [CLS] attention is spread, and how much of it misses the object (paper, Figure 3a), by number of frames.

Only the mini suite knows where the object of a video is: its generator says so (`tcclip.mini`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from tcclip.attention.opened_run import Clip, Opened, even_clip, seen_by
from tcclip.attention.rollout import of_layer, rollout
from tcclip.data.clips.testing import test_frames
from tcclip.data.resizing import resize
from tcclip.data.videos.frames import FrameSource
from tcclip.errors import UserError
from tcclip.mini.datasets import CONTENTS
from tcclip.params.dataset import Generated

Objects = NDArray[np.bool_]  # (F, H, W): where the object of a video is, in its own size
COLUMNS = ("run", "frames", "videos", "tokens", "entropy", "evenness", "outside", "outside_rollout", "area")


class Spread(NamedTuple):
    """[CLS] attention of one clip, mean over layers, heads and frames."""

    tokens: float  # that [CLS] of a frame sees
    entropy: float  # of its attention to them, in nats
    evenness: float  # the entropy as a share of the largest one, log(tokens)
    outside: float  # share of what falls on patches that falls on none of the object's
    outside_rollout: float  # the same, rolled out over layers (mean over heads)
    area: float  # share of the clip's patches that are none of the object's: what an even map has


def spread_by_frames(
    opened: Sequence[Opened],
    store: FrameSource,
    objects: Mapping[str, Callable[[], Objects] | None],
    counts: Sequence[int],
) -> pd.DataFrame:
    """A row for each run and number of frames, means over the videos of `objects`, of which a clip has that many.

    Of videos whose object is not known (None), what is outside of it is NaN.
    A run whose weights are made for one number of frames can be asked for this one alone. COLUMNS are those of
    `Spread` and the counts behind them.
    """
    rows = []
    masks = {video: where() if where else None for video, where in objects.items()}
    for run in opened:
        for count in counts:
            of_count = run._replace(frames=count)
            try:
                found = [measured(of_count, even_clip(of_count, store, video), masks[video]) for video in masks]
            except UserError as error:
                cure = f"leave run {run.name} or {count} frames out of the figure's `spread`"
                raise UserError(f"{error}: {cure}") from error
            rows.append((run.name, count, len(found), *np.mean(found, axis=0).tolist()))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def measured(opened: Opened, clip: Clip, objects: Objects | None) -> Spread:
    """One clip, whose video has its object at `objects`, if that is known."""
    recorded = seen_by(opened, clip)
    outside = None if objects is None else ~torch.from_numpy(patches_of(opened, clip, objects))  # (T, N)
    by_layer = []
    for number in range(1, len(recorded.layers) + 1):
        shares = of_layer(recorded, number, "mean")
        row = torch.cat([shares.patches.flatten(1), shares.cls, shares.rest[:, None]], dim=1).double().cpu()
        tokens = (row > 0).sum(dim=1).double()
        spread = torch.special.entr(row).sum(dim=1)
        of_patches = _share(shares.patches.cpu(), outside)
        by_layer.append([tokens.mean(), spread.mean(), (spread / tokens.log()).mean(), of_patches])
    seen, entropy, evenness, missed = np.array(by_layer, dtype=float).mean(axis=0).tolist()
    rolled = _share(rollout(recorded, "mean").patches.cpu(), outside)
    area = math.nan if outside is None else float(outside.double().mean())
    return Spread(seen, entropy, evenness, missed, rolled, area)


def patches_of(opened: Opened, clip: Clip, objects: Objects) -> NDArray[np.bool_]:
    """The patches (T, N) of a clip that show some of the object: a tenth of their pixels at least."""
    across = opened.size // opened.model.visual.patch_size
    masks = objects[clip.numbers].astype(np.uint8)[..., None].repeat(3, axis=3) * np.uint8(255)
    height, width = clip.stored
    stored = np.stack([resize(mask, height, width) for mask in masks])
    squares = test_frames(stored, opened.size, centre=opened.method.centre)[..., 0] / 255
    patches = squares.reshape(len(squares), across, opened.size // across, across, -1).mean(axis=(2, 4))
    shown: NDArray[np.bool_] = (patches >= 0.1).reshape(len(patches), -1)
    return shown


def mini_objects(dataset: Generated, role: str, store: FrameSource) -> dict[str, Callable[[], Objects]]:
    """Where the object of each video of a mini dataset is, by the video's name in `store`."""
    scenes = {clip.path: clip.scene for clip in CONTENTS[role](dataset.generate).clips}
    paths = store.index["path"]

    def where(path: str) -> Objects:
        return scenes[path]().objects_at()

    return {str(video): partial(where, path) for video, path in paths.items() if path in scenes}


def _share(patches: Tensor, chosen: Tensor | None) -> float:
    """What of (R, T, N) falls on the patches (T, N) that are chosen, if it is known which."""
    return math.nan if chosen is None else float(patches[:, chosen].sum() / patches.sum())
