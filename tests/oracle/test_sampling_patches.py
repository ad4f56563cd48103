"""Adaptive token sampling against its sentences in methods.md 6, on weights of one frame, one level at a time."""

from __future__ import annotations

import pytest
import torch
from selecting import ats

from tcclip.models.selector.ats import inverse_transform


@pytest.mark.parametrize("keep", [False, True], ids=["heaviest fill doubles' places", "doubles stay"])
@pytest.mark.parametrize(("patches", "count"), [(12, 1), (12, 5), (12, 12), (49, 14)])
def test_the_patches_of_a_frame_and_their_order_are_those_of_the_loops(patches: int, count: int, keep: bool) -> None:
    stream = torch.Generator().manual_seed(patches + count)
    for power in (1, 2, 6):  # from nearly even weights to a few heavy ones, which several levels name
        weight = 0.1 + torch.rand(2, 3, patches, generator=stream, dtype=torch.float64) ** power
        found = inverse_transform(weight, count, keep)
        assert found.tolist() == [[ats(frame.tolist(), count, keep) for frame in video] for video in weight]
