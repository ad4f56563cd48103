"""Groups of seed tokens and their means."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class Summary(NamedTuple):
    """Context tokens and where they come from."""

    context: Tensor  # (B, k, D)
    group: Tensor  # (B, n) int64: the context token that each seed went into


def sum_by_group(values: Tensor, group: Tensor, count: int) -> Tensor:
    """Sum values (B, n, D) over the groups (B, n) -> (B, count, D)."""
    batch, _, width = values.shape
    rows = group + count * torch.arange(batch, device=group.device)[:, None]
    sums = values.new_zeros(batch * count, width).index_add(0, rows.flatten(), values.flatten(0, 1))
    return sums.view(batch, count, width)


def mean_by_group(seeds: Tensor, group: Tensor, count: int, weight: Tensor | None = None) -> Tensor:
    """Mean of the seeds (B, n, D) of every group (B, n), weighted by `weight` (B, n) -> (B, count, D).

    Every group must have a member; the gradient goes to the seeds, not to the weights.
    """
    if weight is None:
        return sum_by_group(seeds, group, count) / sizes(seeds, group, count)
    share = weight.detach().to(seeds.dtype)[..., None]
    return sum_by_group(share * seeds, group, count) / sum_by_group(share, group, count)


def sizes(seeds: Tensor, group: Tensor, count: int) -> Tensor:
    """Seeds of every group, (B, count, 1), in the precision of seeds (B, n, D)."""
    return sum_by_group(torch.ones_like(seeds[..., :1]), group, count)


def own_groups(seeds: Tensor) -> Tensor:
    """Every one of the seeds (B, n, D) a group of its own: (B, n) int64."""
    return torch.arange(seeds.shape[1], device=seeds.device).expand(len(seeds), -1)
