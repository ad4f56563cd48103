"""Random merge: context tokens are means of random groups of the seeds (methods.md 7.2)."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor

from tcclip.models.summarizer.groups import Summary, mean_by_group, own_groups
from tcclip.models.summarizer.matching import match
from tcclip.models.summarizer.summary import Summarizer, uniform
from tcclip.params.kinds.summarizer.random import Settings


def make(settings: Settings, k: int) -> Summarizer:
    """Groups of equal sizes, or those that matching makes of random pairs."""

    def summarise(seeds: Tensor, weight: Tensor | None, draws: Tensor | None) -> Summary:
        if settings.form == "pairs":
            return random_pairs(seeds, k, settings.r, cast(Tensor, draws))
        return random_groups(seeds, k, cast(Tensor, draws))

    return Summarizer(summarise, fixed_draws=uniform)


def random_groups(seeds: Tensor, k: int, draws: Tensor) -> Summary:
    """Means of k random groups of the seeds (B, n, D), whose sizes differ by one at most; draws (B, n)."""
    count = min(k, seeds.shape[1])
    place = own_groups(seeds) % count
    group = torch.empty_like(place).scatter_(1, draws.argsort(dim=1), place)
    return Summary(mean_by_group(seeds, group, count), group)


def random_pairs(seeds: Tensor, k: int, r: int, draws: Tensor) -> Summary:
    """Means of the groups that matching makes of random directions in a plane instead of the seeds (B, n, D)."""
    angles = 2 * torch.pi * draws
    group, _ = match(torch.stack([angles.cos(), angles.sin()], dim=-1), k, r)
    return Summary(seeds if seeds.shape[1] <= k else mean_by_group(seeds, group, k), group)
