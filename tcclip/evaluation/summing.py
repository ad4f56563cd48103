"""Sums over the views of videos, batch by batch, by one process or several."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader

from tcclip.data.clips.testing import ViewClips
from tcclip.data.clips.views import views_of
from tcclip.errors import UserError
from tcclip.params.suite import Machine
from tcclip.process import distributed
from tcclip.process.copying import on_device
from tcclip.process.runtime import autocast, leave_signals_to_parent, worker_context
from tcclip.process.sockets import shorten_temporary_folder

Videos = NDArray[np.int64]  # positions in a list


class ClipNumbers(NamedTuple):
    """Numbers of some clips of a batch, on the device."""

    table: int  # which of the tables they belong to
    videos: Videos  # (b,) whose clips they are
    numbers: Tensor  # (b, width) float64


OfBatch = Callable[[Videos, Tensor], Iterable[ClipNumbers]]  # the videos (B,) of clips (B, T, 3, H, W)


def summed_over_views(
    of_batch: OfBatch,
    widths: Sequence[int],
    clips: ViewClips,
    machine: Machine,
    device: torch.device,
    before_batch: Callable[[], None] = lambda: None,
) -> list[np.ndarray]:
    """Tables (videos, width) float64: sums over a video's views of what is found of its clips, in all processes.

    `of_batch` runs without gradient in the machine's precision, on `machine.eval_batch` clips at a time. No video is
    left out or counted twice: processes deal out the videos among themselves, and each row has one process's numbers
    and the others' zeros. `before_batch` is called as often in every process, also where one has no clips left.
    UserError where numbers are not finite.
    """
    items = items_of(clips, distributed.rank(), distributed.world_size())
    most = len(items_of(clips, 0, distributed.world_size()))
    shorten_temporary_folder()
    loader = DataLoader(
        clips,
        batch_size=machine.eval_batch,
        sampler=items,
        num_workers=machine.loader_workers,
        multiprocessing_context=worker_context(machine.loader_workers),
        pin_memory=device.type == "cuda",
        worker_init_fn=leave_signals_to_parent,
        generator=torch.Generator(),
    )
    tables = [np.zeros((len(clips.videos), width)) for width in widths]
    ahead = 1 if device.type == "cuda" else 0  # batches that a GPU has to do while the numbers of one are read

    def add(of_a_batch: list[ClipNumbers]) -> None:
        for part in of_a_batch:
            np.add.at(tables[part.table], part.videos, part.numbers.cpu().numpy())

    with torch.inference_mode():
        batches = on_device((((stacked,), positions) for positions, stacked in loader), device)
        found: list[list[ClipNumbers]] = []
        for number in range(0, most, machine.eval_batch):
            before_batch()
            if number >= len(items):
                continue
            (stacked,), positions = next(batches)  # (B, T, 3, H, W), (B,)
            with autocast(device, machine.precision):
                found.append(list(of_batch(positions.numpy(), stacked)))
            if len(found) > ahead:
                add(found.pop(0))
        for last in found:
            add(last)
    summed = [distributed.all_reduce_sum(torch.from_numpy(table)).numpy() for table in tables]
    for table in summed:
        refuse_unless_finite(table, clips.videos, machine.precision)
    return summed


def refuse_unless_finite(table: np.ndarray, videos: Sequence[str], precision: str) -> None:
    """A UserError where the numbers (videos, width) of a video are no numbers: sorted, they would make an accuracy."""
    broken = np.flatnonzero(~np.isfinite(table).all(axis=1))
    if len(broken):
        more = f" and of {len(broken) - 1} more" if len(broken) > 1 else ""
        raise UserError(
            f"the scores of {videos[broken[0]]}{more} are no finite numbers in {precision}: compute in fp32 "
            "(machine.precision of the suite, or --precision), and if they are none there either, the weights are "
            "broken: train them again with a lower lr"
        )


def items_of(clips: ViewClips, rank: int, count: int) -> list[int]:
    """The items of `clips` that process `rank` of `count` computes: all views of every count-th video."""
    views = len(views_of(clips.views))
    return [item for item in range(len(clips)) if item // views % count == rank]
