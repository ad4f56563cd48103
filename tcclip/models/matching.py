"""Bipartite soft matching: many tokens of a video become k context tokens (paper, section 3.2; methods.md 7.5-7.7)."""

from __future__ import annotations

import torch
from torch import Tensor

from tcclip.models.grouping import Summary, exact, full_precision, mean_by_group

SHORTEST = 1e-12  # length of a token below which its cosines are 0, as in torch
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

    A group stays in the row of the seed that it began with, and only rows that receive another one are written.
    """
    batch, seeds = sums.shape[:2]
    rows = sums.flatten(0, 1).clone()  # (B*n, D)
    lengths = torch.linalg.vector_norm(rows, dim=-1)
    every = torch.arange(len(rows), device=rows.device)
    places, home, share = every.view(batch, seeds), every, torch.ones_like(lengths)
    for removed in schedule(seeds, k, r):
        even, odd = places[:, 0::2], places[:, 1::2]
        best, partner = _proposals(rows, lengths, even, odd)
        order = best.argsort(dim=-1, descending=True, stable=True)
        gone = even.gather(1, order[:, :removed]).flatten()
        into = odd.gather(1, partner.gather(1, order[:, :removed])).flatten()
        brought = rows.index_select(0, gone)
        if discount is not None:
            factor = torch.ones_like(lengths).index_copy(0, gone, discount.flatten()[gone].to(lengths.dtype))
            share, brought = share * factor[home], brought * factor[gone, None]
        rows.index_add_(0, into, brought)
        lengths.index_copy_(0, into, torch.linalg.vector_norm(rows.index_select(0, into), dim=-1))
        home = every.index_copy(0, gone, into)[home]
        places = torch.cat([even.gather(1, order[:, removed:]), odd], dim=1)
    numbers = torch.arange(places.shape[1], device=rows.device).repeat(batch)
    group = torch.empty_like(every).index_copy_(0, places.flatten(), numbers)[home]
    return group.view(batch, seeds), share.view(batch, seeds)


def _proposals(rows: Tensor, lengths: Tensor, even: Tensor, odd: Tensor) -> tuple[Tensor, Tensor]:
    """The highest cosine of each of the rows `even` (B, E) with one of the rows `odd` (B, O), and its place there.

    rows (B*n, D) and their lengths (B*n,). What a row is divided by does not change which of the others is nearest.
    """
    ours, theirs = (rows.index_select(0, part.flatten()).view(*part.shape, -1) for part in (even, odd))
    least = lengths.clamp_min(SHORTEST)
    with exact(rows):
        cosine = (ours @ theirs.transpose(1, 2)).div_(least[odd][:, None])  # (B, E, O)
    best, partner = cosine.max(dim=-1)
    return best / least[even], partner
