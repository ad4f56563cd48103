"""Scores of videos: probabilities or logits, summed over views (methods.md 1.6)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tcclip.data.clips.testing import ViewClips
from tcclip.evaluation.summing import ClipNumbers, Videos, summed_over_views
from tcclip.models.clip_video import ClipVideo
from tcclip.models.text.tower import ClassTexts
from tcclip.models.vision.tower import VisionOutput
from tcclip.params.suite import Machine
from tcclip.process.runtime import autocast

Combine = Literal["probabilities", "logits"]
OfViews = Callable[[Tensor], Tensor]  # logits (B, C) -> what is summed over views, float64


class ComparedVideos(NamedTuple):
    """Classes, and the videos that are compared with them."""

    model: ClipVideo  # over these classes
    videos: NDArray[np.bool_]  # (videos,), which of all videos


def predict(
    model: ClipVideo,
    clips: ViewClips,
    machine: Machine,
    device: torch.device,
    combine: Combine = "probabilities",
    before_batch: Callable[[], None] = lambda: None,
) -> np.ndarray:
    """Scores (videos, C) float64 of all videos: see `predict_each`."""
    everything = ComparedVideos(model, np.ones(len(clips.videos), dtype=bool))
    return predict_each([everything], clips, machine, device, combine, before_batch)[0]


def predict_each(
    lists: Sequence[ComparedVideos],
    clips: ViewClips,
    machine: Machine,
    device: torch.device,
    combine: Combine = "probabilities",
    before_batch: Callable[[], None] = lambda: None,
) -> list[np.ndarray]:
    """Scores (videos, C) float64 for each list: sums over views of what `combine` says, 0 where nothing is compared.

    The lists' models are on `device` and differ in what belongs to classes alone: a clip goes through the vision
    tower once. For the rest see `summed_over_views`.
    """
    for one in lists:
        one.model.eval()
    with torch.inference_mode(), autocast(device, machine.precision):
        texts = [one.model.finished(one.model.encode_classes()) for one in lists]  # once for all videos
    of_batch = partial(_compared, lists, texts, SUMMED[combine])
    return summed_over_views(of_batch, [one.model.classes for one in lists], clips, machine, device, before_batch)


def _compared(
    lists: Sequence[ComparedVideos], texts: Sequence[ClassTexts], of_views: OfViews, videos: Videos, clips: Tensor
) -> Iterator[ClipNumbers]:
    """Clips (B, T, 3, H, W) of videos (B,) with the classes of each list, whose texts are given."""
    seen = lists[0].model.encode_video(clips)
    for table, (one, its_texts) in enumerate(zip(lists, texts, strict=True)):
        rows = np.flatnonzero(one.videos[videos])
        if len(rows):
            yield ClipNumbers(table, videos[rows], of_views(one.model.compare(_some(seen, rows), its_texts)))


def _some(seen: VisionOutput, rows: Videos) -> VisionOutput:
    """What was seen in some clips of a batch, by their numbers in it."""
    if len(rows) == len(seen.frames):
        return seen
    chosen = torch.from_numpy(rows).to(seen.frames.device, non_blocking=True)
    return VisionOutput._make(None if part is None else part[chosen] for part in seen)


def probabilities(logits: Tensor) -> Tensor:
    """softmax(logits) in float64, (B, C)."""
    return logits.double().softmax(dim=-1)


SUMMED: dict[str, OfViews] = {"probabilities": probabilities, "logits": Tensor.double}
