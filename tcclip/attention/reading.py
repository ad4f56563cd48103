"""How a person asks to read attention, and what one model then shows of a clip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tcclip.attention.maps import HEADS, Heads
from tcclip.attention.opened_run import Clip, Opened, best_classes, seen_by
from tcclip.attention.rollout import Shares, of_layer, relevance, rollout
from tcclip.errors import UserError


@dataclass(frozen=True)
class AttentionReading:
    """Rollout over all layers, unless one layer or a class is asked for."""

    heads: Heads = "max"
    layer: int | None = None  # from 1
    of_class: str | None = None

    @staticmethod
    def asked(of_class: str | None, layer: int | None, heads: str) -> AttentionReading:
        """As options say it; UserError where they do not go together."""
        if heads not in HEADS:
            raise UserError(f"heads must be {', '.join(HEADS)} (got '{heads}')")
        if of_class is not None and layer is not None:
            raise UserError("a class is rolled out over all layers, and a layer is shown alone: give one of them")
        return AttentionReading(heads, layer, of_class)

    def describe(self) -> str:
        """What a map shows, for its caption."""
        if self.of_class is not None:
            return f"Relevance for '{self.of_class}' (attention times its positive gradient)"
        fused = {"max": "maximum", "mean": "mean", "min": "minimum"}[self.heads] + " over heads"
        if self.layer is not None:
            return f"[CLS] attention of layer {self.layer} ({fused})"
        return f"Attention rollout ({fused})"


class SeenClip(NamedTuple):
    """What a run sees of a clip."""

    name: str  # the run's
    clip: Clip
    patches: NDArray[np.float32]  # (T, N), shares of the patches in the video's feature
    other: float  # share of what is no patch: [CLS] tokens, and learned vectors
    predictions: Sequence[tuple[str, float]]  # classes and probabilities of this clip, best first


def look_at(opened: Opened, clip: Clip, reading: AttentionReading = AttentionReading()) -> SeenClip:
    """A run's attention in a clip, mean over the [CLS] tokens of all frames, which make the video's feature."""
    label = None if reading.of_class is None else opened.label(reading.of_class)
    recorded = seen_by(opened, clip, graph=label is not None)
    if label is not None:
        shares = relevance(recorded, label)
    elif reading.layer is not None:
        shares = of_layer(recorded, reading.layer, reading.heads)
    else:
        shares = rollout(recorded, reading.heads)
    whole: Shares = shares.of_video()
    patches = whole.patches[0].detach().cpu().numpy().astype(np.float32)
    other = float(whole.cls.sum() + whole.rest.sum())
    return SeenClip(opened.name, clip, patches, other, best_classes(opened, recorded))


def caption(reading: AttentionReading, video: str, seen: Sequence[SeenClip], truth: str | None = None) -> str:
    """What a picture of attention shows: the reading, the runs, the video, its class, T and the patches."""
    frames = " and ".join(dict.fromkeys(str(len(each.patches)) for each in seen))
    patches = " and ".join(dict.fromkeys(str(each.patches.shape[1]) for each in seen))
    other = ", ".join(f"{each.other:.0%}" for each in seen)
    runs = " and ".join(each.name for each in seen)
    same = all(np.array_equal(each.clip.numbers, seen[0].clip.numbers) for each in seen)
    nearest = "" if same else " Of runs with other moments the nearest frames are shown, with their numbers."
    known = f" (class {truth})" if truth else ""
    return (
        f"{reading.describe()} of {runs} in {video}{known}: T = {frames} frames of {patches} patches. Colour: "
        "the share of a patch, as a multiple of the mean patch. Left over for [CLS] and learned "
        f"tokens: {other}.{nearest}"
    )
