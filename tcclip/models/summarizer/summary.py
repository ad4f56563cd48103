"""What a summarizer is, and what it gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from tcclip.models.attention import Attended
from tcclip.models.summarizer.groups import Summary

Summarise = Callable[[Tensor, Tensor | None, Tensor | None], Summary]  # seeds (B, n, D), weight (B, n), draws (B, n)
Draw = Callable[[int, int], Tensor]


class Summarizer(NamedTuple):
    """A way to make context tokens."""

    summarise: Summarise  # it reads the weight if there is a `weigh`, and draws if there are `fixed_draws`
    weigh: Callable[[Attended], Tensor] | None = None  # what a patch weighs when it is merged, (B, T, N)
    fixed_draws: Draw | None = None  # the draws of evaluation, (layers, seeds of a video); None: nothing is random
    all_queries: bool = False  # it reads the queries of all patches


def uniform(layers: int, seeds: int) -> Tensor:
    """Fixed draws, the same for every video."""
    return torch.rand(layers, seeds, generator=torch.Generator().manual_seed(0))
