"""Bipartite soft matching: many tokens of a video become k context tokens (paper, section 3.2; methods.md 7.5-7.7)."""

from __future__ import annotations

import torch
from torch import Tensor

from tcclip.models.products import products

SHORTEST = 1e-12  # length of a token below which its cosines are 0, as in torch


def schedule(tokens: int, k: int, r: int) -> list[int]:
    """Tokens removed by each round until k are left: r, but at most half of them (928, 96, 100 -> 8 x 100, 32)."""
    rounds = []
    while tokens > k:
        rounds.append(min(r, tokens - k, tokens // 2))
        tokens -= rounds[-1]
    return rounds


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
    cosine = products(ours, theirs).div_(least[odd][:, None])  # (B, E, O)
    best, partner = cosine.max(dim=-1)
    return best / least[even], partner
