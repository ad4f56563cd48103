"""Summarizers: how the seed tokens of a video become its context tokens (Table 8b; methods.md 7)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import cast

import torch
from torch import Tensor

from tcclip.models import clustering, matching
from tcclip.models.attention import Attended
from tcclip.models.grouping import Summary, own_groups
from tcclip.models.saliency import saliency_weight
from tcclip.models.scores import cls_attention
from tcclip.params.vision import TemporalContext

Summarise = Callable[[Tensor, Tensor | None, Tensor | None], Summary]  # seeds (B, n, D), weight (B, n), draws (B, n)


def weigher(tc: TemporalContext) -> Callable[[Attended], Tensor] | None:
    """What a patch weighs when it is merged, (B, T, N), for the summarizers that weigh."""
    if tc.summarizer == "bipartite_attention":
        return cls_attention
    if tc.summarizer == "bipartite_saliency":
        return partial(saliency_weight, over_video=tc.saliency.over == "video")
    return None


def stochastic(tc: TemporalContext) -> bool:
    """Whether the summarizer reads draws."""
    return tc.summarizer in ("random", "dpc_knn") or (tc.summarizer == "kmeans" and tc.kmeans.start == "random")


def summarizer(tc: TemporalContext) -> Summarise:
    """The summarizer of a method; it reads the weight if there is a `weigher` and draws if it is `stochastic`."""

    def summarise(seeds: Tensor, weight: Tensor | None, draws: Tensor | None) -> Summary:
        match tc.summarizer:
            case "none":
                return Summary(seeds, own_groups(seeds))
            case "random":
                if tc.random.form == "pairs":
                    return clustering.random_pairs(seeds, tc.k, tc.r, cast(Tensor, draws))
                return clustering.random_groups(seeds, tc.k, cast(Tensor, draws))
            case "kmeans":
                return clustering.kmeans(seeds, tc.k, draws, tc.kmeans.iterations)
            case "dpc_knn":
                return clustering.dpc_knn(seeds, tc.k, cast(Tensor, draws), tc.dpc_knn.neighbours, tc.dpc_knn.noise)
            case "bipartite":
                return matching.bipartite(seeds, tc.k, tc.r)
            case "bipartite_attention":
                return matching.bipartite_attention(seeds, tc.k, tc.r, cast(Tensor, weight))
            case "bipartite_saliency":
                return matching.bipartite_saliency(seeds, tc.k, tc.r, cast(Tensor, weight))

    return summarise


def fixed_draws(tc: TemporalContext, layers: int, seeds: int) -> Tensor | None:
    """The draws of evaluation, (layers, seeds of a video), the same for every video; None where nothing is random.

    dpc_knn's are zeros: its noise is for training only.
    """
    if not stochastic(tc):
        return None
    if tc.summarizer == "dpc_knn":
        return torch.zeros(layers, seeds)
    return torch.rand(layers, seeds, generator=torch.Generator().manual_seed(0))
