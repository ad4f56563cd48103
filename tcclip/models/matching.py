"""Bipartite soft matching: many tokens of a video become k context tokens (paper, section 3.2; methods.md 7.5)."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor


class Summary(NamedTuple):
    """Context tokens and where they come from."""

    context: Tensor  # (B, k, D)
    group: Tensor  # (B, n) int64: the context token that each seed went into


def schedule(tokens: int, k: int, r: int) -> list[int]:
    """Tokens removed by each round until k are left: r, but at most half of them (928, 96, 100 -> 8 x 100, 32)."""
    rounds = []
    while tokens > k:
        rounds.append(min(r, tokens - k, tokens // 2))
        tokens -= rounds[-1]
    return rounds


def bipartite(seeds: Tensor, k: int, r: int) -> Summary:
    """Merge seeds (B, n, D), whose order matters, to k tokens (B, k, D): each is the mean of the seeds it has taken in.

    The decisions carry no gradient, the means do. With n <= k nothing is merged and n tokens come back.
    """
    group = match(seeds.detach(), k, r)
    if seeds.shape[1] <= k:
        return Summary(seeds, group)
    size = sum_by_group(torch.ones_like(seeds[..., :1]), group, k)
    return Summary(sum_by_group(seeds, group, k) / size, group)


@torch.no_grad()
def match(seeds: Tensor, k: int, r: int) -> Tensor:
    """The group 0..k-1 of every seed, (B, n) int64.

    A round splits the list into even and odd places; every even token proposes to the odd one of the highest cosine,
    and the best proposals are merged. The new list is the other even tokens by falling cosine, then the odd ones. A
    group is carried as the sum of its seeds, because the cosine of sums is the cosine of means.
    """
    batch, count, _ = seeds.shape
    group = torch.arange(count, device=seeds.device).expand(batch, count)
    sums = seeds.float() if seeds.dtype in (torch.float16, torch.bfloat16) else seeds
    for removed in schedule(count, k, r):
        place = _round(sums, removed)
        group = place.gather(1, group)
        sums = sum_by_group(sums, place, sums.shape[1] - removed)
    return group


def _round(tokens: Tensor, removed: int) -> Tensor:
    """Where each of the tokens (B, n, D) stands after one round: (B, n) int64, below n - removed."""
    unit = F.normalize(tokens, dim=-1)
    best, partner = (unit[:, 0::2] @ unit[:, 1::2].transpose(1, 2)).max(dim=-1)  # (B, even)
    order = best.argsort(dim=-1, descending=True, stable=True)
    even, odd = best.shape[1], tokens.shape[1] // 2
    kept = even - removed
    place = torch.empty(tokens.shape[:2], dtype=torch.int64, device=tokens.device)
    place[:, 1::2] = torch.arange(kept, kept + odd, device=tokens.device)
    merged = kept + partner.gather(1, order[:, :removed])
    alone = torch.arange(kept, device=tokens.device).expand(len(tokens), kept)
    place[:, 0::2] = torch.empty_like(order).scatter_(1, order, torch.cat([merged, alone], dim=1))
    return place


def sum_by_group(values: Tensor, group: Tensor, count: int) -> Tensor:
    """Sum values (B, n, D) over the groups (B, n) -> (B, count, D)."""
    batch, _, width = values.shape
    rows = group + count * torch.arange(batch, device=group.device)[:, None]
    sums = values.new_zeros(batch * count, width).index_add(0, rows.flatten(), values.flatten(0, 1))
    return sums.view(batch, count, width)
