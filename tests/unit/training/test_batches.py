"""Micro-batches on their way from a process that loads clips."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from tcclip.process.runtime import worker_context
from tcclip.training.batches import collate

SAMPLES = [(torch.full((2, 3), float(number)), number, f"video{number}") for number in range(4)]


def where(samples: list[tuple[Tensor, int, str]]) -> list[bool]:
    """Whether what is handed over lies in shared memory already."""
    return [tensor.is_shared() for tensor in collate(samples)[:2]]


def test_a_process_that_loads_stacks_in_shared_memory_where_a_lack_of_it_is_an_error():
    """Moved there only when it is handed over, a batch that finds no room is lost, and the training waits for ever."""
    loads = worker_context(1)
    loader = DataLoader(SAMPLES, batch_size=4, num_workers=1, multiprocessing_context=loads, collate_fn=where)
    assert list(loader) == [[True, True]]


def test_a_micro_batch_is_its_clips_labels_and_videos_in_their_order():
    clips, labels, videos = collate(SAMPLES)
    assert torch.equal(clips, torch.stack([clip for clip, _, _ in SAMPLES]))
    assert (labels.tolist(), labels.dtype) == ([0, 1, 2, 3], torch.int64)
    assert videos == ["video0", "video1", "video2", "video3"]
