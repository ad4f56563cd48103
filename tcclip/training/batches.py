"""The micro-batches of an epoch, which are a function of (seed, epoch).

Processes deal them out among themselves, and what is mixed inside a micro-batch is the same whoever computes it.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor
from torch.utils.data import DataLoader, default_collate

from tcclip.data.clips.training import Sample, TrainingClips
from tcclip.process.copying import on_device
from tcclip.process.rng import generator
from tcclip.process.runtime import leave_signals_to_parent, worker_context
from tcclip.process.sockets import shorten_temporary_folder
from tcclip.training.budget import Budget

T = TypeVar("T")


@dataclass(frozen=True)
class Batch:
    """One micro-batch."""

    clips: Tensor  # (B, T, 3, H, W) float32, normalised
    labels: Tensor  # (B,) int64
    videos: list[str]


@functools.lru_cache(maxsize=2)  # of the epoch that is trained, and of the next one, whose clips are loaded ahead
def micro_batches(videos: int, micro_batch: int, seed: int, epoch: int) -> list[list[int]]:
    """The positions of an epoch's micro-batches in order; an incomplete last one is dropped."""
    order = generator(seed, "order", epoch).permutation(videos).tolist()
    return [order[i : i + micro_batch] for i in range(0, videos - micro_batch + 1, micro_batch)]


def labels_of_step(
    videos: Sequence[tuple[str, int]], budget: Budget, micro_batch: int, seed: int, epoch: int, first: int
) -> list[int]:
    """The labels of all videos of the optimizer step that begins with micro-batch `first`, in all processes."""
    batches = micro_batches(len(videos), micro_batch, seed, epoch)[first : first + budget.accumulation]
    return [videos[position][1] for batch in batches for position in batch]


def share_of(step: Sequence[T], rank: int, count: int) -> Sequence[T]:
    """The micro-batches of an optimizer step that process `rank` of `count` computes: they are dealt in turn."""
    return step[rank::count]


def remaining(
    budget: Budget, videos: int, micro_batch: int, seed: int, epoch: int, step: int, rank: int = 0, count: int = 1
) -> Iterator[list[Sample]]:
    """One process's micro-batches of all optimizer steps from `step` of `epoch` to the end of the training."""
    for current in range(epoch, budget.epochs):
        batches = micro_batches(videos, micro_batch, seed, current)  # the tail of an epoch fills no step
        for number in range(step if current == epoch else 0, budget.steps_per_epoch):
            for iteration in share_of(budget.iterations_of(number), rank, count):
                yield [(current, position) for position in batches[iteration]]


def load(clips: TrainingClips, samples: Iterator[list[Sample]], workers: int, device: torch.device) -> Iterator[Batch]:
    """The micro-batches of `samples` in order; any number of workers gives the same ones."""
    shorten_temporary_folder()
    loader = DataLoader(
        clips,
        batch_sampler=samples,  # type: ignore[arg-type]  # any iterable of index lists will do
        num_workers=workers,
        multiprocessing_context=worker_context(workers),
        collate_fn=collate,
        pin_memory=device.type == "cuda",
        worker_init_fn=leave_signals_to_parent,
        generator=torch.Generator(),
    )
    for (stacked, labels), videos in on_device((((clips, labels), videos) for clips, labels, videos in loader), device):
        yield Batch(stacked, labels, videos)


def collate(samples: list[tuple[Tensor, int, str]]) -> tuple[Tensor, Tensor, list[str]]:
    """Stack clips to (B, T, 3, H, W); labels (B,).

    By torch's own function, which stacks into shared memory in a process that loads. Where there is no room, it is an
    error there. A tensor that is moved there only when it is handed over is lost then, and the training waits for ever.
    """
    clips, labels, videos = zip(*samples, strict=True)
    return default_collate(list(clips)), default_collate([torch.tensor(label) for label in labels]), list(videos)
