"""Summarizers that cluster the seed tokens of a video: random groups, K-means, DPC-KNN (methods.md 7.2 to 7.4).

Decisions are made without gradient; a context token is the mean of its cluster, with gradient. What is random comes in
as `draws`, one uniform number in [0, 1) for every seed, so that nothing here has a state.
"""

from __future__ import annotations

import torch
from torch import Tensor

from tcclip.models.grouping import Summary, exact, full_precision, mean_by_group, own_groups, sizes, sum_by_group
from tcclip.models.matching import match


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


def kmeans(seeds: Tensor, k: int, draws: Tensor | None, iterations: int) -> Summary:
    """Means of k clusters of the seeds (B, n, D) by Lloyd's iterations with Euclidean distance.

    The start is k of the seeds, drawn without replacement: those of the smallest draws (B, n), or without draws every
    n/k-th. A cluster that loses all members keeps its centre, which then carries no gradient.
    """
    rows, count = full_precision(seeds), min(k, seeds.shape[1])
    with torch.no_grad(), exact(rows):
        strided = torch.arange(count, device=rows.device) * rows.shape[1] // count
        first = strided.expand(len(rows), -1) if draws is None else draws.argsort(dim=1)[:, :count]
        centres = rows.gather(1, first[..., None].expand(-1, -1, rows.shape[-1]))  # (B, k, D)
        for step in range(iterations):
            # |x - c|^2 without |x|^2, which is the same for all centres
            group = (centres.square().sum(-1)[:, None] - 2 * rows @ centres.transpose(1, 2)).argmin(dim=-1)
            if step + 1 < iterations:
                centres = _means_or(centres, rows, group)
    return Summary(_means_or(centres.to(seeds.dtype), seeds, group), group)


def dpc_knn(seeds: Tensor, k: int, draws: Tensor, neighbours: int, noise: float) -> Summary:
    """Means of k clusters of the seeds (B, n, D) around density peaks; constants as in TCFormer.

    Density: exp(-mean squared distance to the nearest `neighbours`, itself included) + noise * draws (B, n). Centres
    are the k largest products of density and distance to a denser token; every token goes to its nearest centre.
    """
    rows, count = full_precision(seeds), min(k, seeds.shape[1])
    with torch.no_grad(), exact(rows):
        squared = _squared_distances(rows) / rows.shape[-1]  # (B, n, n)
        density = (-squared.topk(neighbours, largest=False).values.mean(-1)).exp() + noise * draws.to(squared.dtype)
        distance = squared.sqrt()
        denser = density[:, None, :] > density[..., None]
        furthest = distance.amax(dim=(1, 2))[:, None]
        apart = distance.masked_fill(~denser, torch.inf).amin(dim=-1).minimum(furthest)  # the densest: the furthest
        centres = (density * apart).argsort(dim=-1, descending=True, stable=True)[:, :count]  # (B, k)
        group = distance.gather(2, centres[:, None].expand(-1, rows.shape[1], -1)).argmin(dim=-1)
        group = group.scatter(1, centres, own_groups(centres[..., None]))  # also a centre that has a double
    return Summary(mean_by_group(seeds, group, count), group)


def _means_or(centres: Tensor, rows: Tensor, group: Tensor) -> Tensor:
    """The mean of every group of rows (B, n, D), or its centre (B, k, D) where it is empty."""
    size = sizes(rows, group, centres.shape[1])
    return torch.where(size > 0, sum_by_group(rows, group, centres.shape[1]) / size.clamp_min(1), centres)


def _squared_distances(rows: Tensor) -> Tensor:
    """|x_i - x_j|^2 of rows (B, n, D): (B, n, n), exactly 0 on the diagonal."""
    centred = rows - rows.mean(dim=1, keepdim=True)  # the same distances, less rounding
    square = centred.square().sum(-1)
    product = centred @ centred.transpose(1, 2)
    squared = (square[:, :, None] + square[:, None, :] - 2 * product).clamp_min(0)
    return squared * (1 - torch.eye(rows.shape[1], dtype=rows.dtype, device=rows.device))
