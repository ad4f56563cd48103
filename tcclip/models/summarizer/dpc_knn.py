"""DPC-KNN: context tokens are the means of clusters around density peaks (methods.md 7.4)."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor

from tcclip.models.precision import full_precision
from tcclip.models.products import products
from tcclip.models.summarizer.groups import Summary, mean_by_group, own_groups
from tcclip.models.summarizer.summary import Summarizer
from tcclip.params.kinds.summarizer.dpc_knn import Settings


def make(settings: Settings, k: int) -> Summarizer:
    """k clusters of the seeds; the noise that breaks ties is for training only, so that its fixed draws are zeros."""

    def summarise(seeds: Tensor, weight: Tensor | None, draws: Tensor | None) -> Summary:
        return dpc_knn(seeds, k, cast(Tensor, draws), settings.neighbours, settings.noise)

    return Summarizer(summarise, fixed_draws=torch.zeros)


def dpc_knn(seeds: Tensor, k: int, draws: Tensor, neighbours: int, noise: float) -> Summary:
    """Means of k clusters of the seeds (B, n, D) around density peaks; constants as in TCFormer.

    Density: exp(-mean squared distance to the nearest `neighbours`, itself included) + noise * draws (B, n). Centres
    are the k largest products of density and distance to a denser token; every token goes to its nearest centre.
    """
    rows, count = full_precision(seeds), min(k, seeds.shape[1])
    with torch.no_grad():
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


def _squared_distances(rows: Tensor) -> Tensor:
    """|x_i - x_j|^2 of rows (B, n, D): (B, n, n), exactly 0 on the diagonal."""
    centred = rows - rows.mean(dim=1, keepdim=True)  # the same distances, less rounding
    square = centred.square().sum(-1)
    squared = (square[:, :, None] + square[:, None, :] - 2 * products(centred, centred)).clamp_min(0)
    return squared * (1 - torch.eye(rows.shape[1], dtype=rows.dtype, device=rows.device))
