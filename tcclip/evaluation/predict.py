"""Scores of videos: probabilities or logits, summed over views (methods.md 1.6)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from tcclip.data.clips.testing import ViewClips
from tcclip.data.clips.views import views_of
from tcclip.models.clip_video import ClipVideo
from tcclip.process import distributed
from tcclip.process.copying import on_device
from tcclip.process.runtime import autocast, leave_signals_to_parent, worker_context
from tcclip.process.sockets import shorten_temporary_folder


def predict(
    model: ClipVideo,
    clips: ViewClips,
    *,
    classes: int,
    batch: int,
    workers: int,
    device: torch.device,
    precision: str,
    combine: Literal["probabilities", "logits"] = "probabilities",
    before_batch: Callable[[], None] = lambda: None,
) -> np.ndarray:
    """Scores (videos, C) float64: the sum over a video's views of what `combine` says, the same in all processes.

    No video is left out or counted twice: processes deal out the videos among themselves, and each score has one
    process's numbers and the others' zeros. `batch` is the number of clips of a forward pass; `before_batch` is called
    as often in every process, also where one has no clips left.
    """
    items = items_of(clips, distributed.rank(), distributed.world_size())
    most = len(items_of(clips, 0, distributed.world_size()))
    shorten_temporary_folder()
    loader = DataLoader(
        clips,
        batch_size=batch,
        sampler=items,
        num_workers=workers,
        multiprocessing_context=worker_context(workers),
        pin_memory=device.type == "cuda",
        worker_init_fn=leave_signals_to_parent,
        generator=torch.Generator(),
    )
    of_a_view = SUMMED[combine]
    scores = np.zeros((len(clips.videos), classes))
    ahead = 1 if device.type == "cuda" else 0  # batches that a GPU has to do while the scores of one are read

    def add(positions: Tensor, of_views: Tensor) -> None:
        np.add.at(scores, positions.numpy(), of_views.cpu().numpy())

    model.eval()
    with torch.inference_mode():
        with autocast(device, precision):
            texts = model.finished(model.encode_classes())  # once for all videos
        batches = on_device((((stacked,), positions) for positions, stacked in loader), device)
        found: list[tuple[Tensor, Tensor]] = []  # the videos of a batch (B,), and their scores (B, C) on the device
        for number in range(0, most, batch):
            before_batch()
            if number >= len(items):
                continue
            (stacked,), positions = next(batches)  # (B, T, 3, H, W), (B,)
            with autocast(device, precision):
                found.append((positions, of_a_view(model(stacked, texts))))
            if len(found) > ahead:
                add(*found.pop(0))
        for last in found:
            add(*last)
    return distributed.all_reduce_sum(torch.from_numpy(scores)).numpy()


def items_of(clips: ViewClips, rank: int, count: int) -> list[int]:
    """The items of `clips` that process `rank` of `count` computes: all views of every count-th video."""
    views = len(views_of(clips.views))
    return [item for item in range(len(clips)) if item // views % count == rank]


def probabilities(logits: Tensor) -> Tensor:
    """softmax(logits) in float64, (B, C)."""
    return logits.double().softmax(dim=-1)


SUMMED: dict[str, Callable[[Tensor], Tensor]] = {"probabilities": probabilities, "logits": Tensor.double}
