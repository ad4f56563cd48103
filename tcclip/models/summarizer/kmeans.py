"""K-means: context tokens are the means of clusters by Lloyd's iterations (methods.md 7.3)."""

from __future__ import annotations

import torch
from torch import Tensor

from tcclip.models.precision import exact, full_precision
from tcclip.models.summarizer.groups import Summary, sizes, sum_by_group
from tcclip.models.summarizer.summary import Summarizer, uniform
from tcclip.params.kinds.summarizer.kmeans import Settings


def make(settings: Settings, k: int) -> Summarizer:
    """k clusters of the seeds."""

    def summarise(seeds: Tensor, weight: Tensor | None, draws: Tensor | None) -> Summary:
        return kmeans(seeds, k, draws, settings.iterations)

    return Summarizer(summarise, fixed_draws=uniform if settings.start == "random" else None)


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
            # |x - c|^2 without |x|^2, which is the same for all centres; a small difference of large numbers, so that
            # the products stay in float32 on a GPU too
            group = (centres.square().sum(-1)[:, None] - 2 * rows @ centres.transpose(1, 2)).argmin(dim=-1)
            if step + 1 < iterations:
                centres = _means_or(centres, rows, group)
    return Summary(_means_or(centres.to(seeds.dtype), seeds, group), group)


def _means_or(centres: Tensor, rows: Tensor, group: Tensor) -> Tensor:
    """The mean of every group of rows (B, n, D), or its centre (B, k, D) where it is empty."""
    size = sizes(rows, group, centres.shape[1])
    return torch.where(size > 0, sum_by_group(rows, group, centres.shape[1]) / size.clamp_min(1), centres)
