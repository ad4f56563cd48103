"""Bipartite soft matching: many tokens of a video become k context tokens (paper, section 3.2; methods.md 7.5-7.7)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from tcclip.models.grouping import Summary, exact, full_precision, mean_by_group, own_groups, sum_by_group

LEAST = 1e-6  # of a weight relative to their mean: a group whose attention is all zero still has a mean


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
    group, _ = match(full_precision(seeds), k, r)
    return Summary(seeds if seeds.shape[1] <= k else mean_by_group(seeds, group, k), group)


def bipartite_attention(seeds: Tensor, k: int, r: int, weight: Tensor) -> Summary:
    """As `bipartite`, with means weighted by `weight` (B, n), the seeds' [CLS] attention (methods.md 7.6)."""
    weight = (weight / weight.mean(dim=1, keepdim=True)).clamp_min(LEAST)
    group, _ = match(full_precision(seeds) * weight[..., None], k, r)
    return Summary(seeds if seeds.shape[1] <= k else mean_by_group(seeds, group, k, weight), group)


def bipartite_saliency(seeds: Tensor, k: int, r: int, weight: Tensor) -> Summary:
    """As `bipartite`, but what is merged into another token counts `weight` (B, n) in 0..1 times (methods.md 7.7)."""
    group, share = match(full_precision(seeds), k, r, weight)
    return Summary(seeds if seeds.shape[1] <= k else mean_by_group(seeds, group, k, share), group)


@torch.no_grad()
def match(sums: Tensor, k: int, r: int, discount: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """The group 0..k-1 of every seed, (B, n) int64, and its share in the group's mean, (B, n).

    A round splits the list into even and odd places; every even token proposes to the odd one of the highest cosine,
    and the best proposals are merged. The new list is the other even tokens by falling cosine, then the odd ones. A
    group is carried as the sum of its seeds (B, n, D), because the cosine of sums is the cosine of means. With
    `discount` (B, n), a token that is merged brings its sum times its discount; the receiver keeps its own discount.
    """
    group, share = own_groups(sums), torch.ones_like(sums[..., 0])
    for removed in schedule(sums.shape[1], k, r):
        place, merged = _round(sums, removed)
        if discount is not None:
            factor = torch.where(merged, discount, 1.0)
            share = share * factor.gather(1, group)
            sums = sums * factor[..., None]
            kept = torch.where(merged, 0.0, discount)
            discount = torch.zeros_like(kept[:, removed:]).scatter_add(1, place, kept)
        group = place.gather(1, group)
        sums = sum_by_group(sums, place, sums.shape[1] - removed)
    return group, share


def _round(tokens: Tensor, removed: int) -> tuple[Tensor, Tensor]:
    """Where each of the tokens (B, n, D) stands after one round, (B, n) below n - removed, and if it was merged."""
    unit = F.normalize(tokens, dim=-1)
    with exact(unit):
        best, partner = (unit[:, 0::2] @ unit[:, 1::2].transpose(1, 2)).max(dim=-1)  # (B, even)
    order = best.argsort(dim=-1, descending=True, stable=True)
    even, odd = best.shape[1], tokens.shape[1] // 2
    kept = even - removed
    place = torch.empty(tokens.shape[:2], dtype=torch.int64, device=tokens.device)
    place[:, 1::2] = torch.arange(kept, kept + odd, device=tokens.device)
    into = kept + partner.gather(1, order[:, :removed])
    alone = torch.arange(kept, device=tokens.device).expand(len(tokens), kept)
    place[:, 0::2] = torch.empty_like(order).scatter_(1, order, torch.cat([into, alone], dim=1))
    merged = torch.zeros(tokens.shape[:2], dtype=torch.bool, device=tokens.device)
    merged[:, 0::2] = torch.zeros_like(best, dtype=torch.bool).scatter_(1, order[:, :removed], True)
    return place, merged
