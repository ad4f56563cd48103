"""Summarizers: how the seed tokens of a video become its context tokens (Table 8b; methods.md 7)."""

from __future__ import annotations

from collections.abc import Callable
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
WEIGHTS: dict[str, Callable[[Attended], Tensor]] = {  # what a patch weighs, (B, T, N)
    "bipartite_attention": cls_attention,
    "bipartite_saliency": saliency_weight,
}
STOCHASTIC = ("random", "kmeans", "dpc_knn")  # the summarizers that read draws


def summarizer(tc: TemporalContext) -> Summarise:
    """The summarizer of a method; it reads the weight if its name is in WEIGHTS and draws if it is STOCHASTIC."""

    def summarise(seeds: Tensor, weight: Tensor | None, draws: Tensor | None) -> Summary:
        match tc.summarizer:
            case "none":
                return Summary(seeds, own_groups(seeds))
            case "random":
                return clustering.random_groups(seeds, tc.k, cast(Tensor, draws))
            case "kmeans":
                return clustering.kmeans(seeds, tc.k, cast(Tensor, draws), tc.kmeans.iterations)
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
    if tc.summarizer not in STOCHASTIC:
        return None
    if tc.summarizer == "dpc_knn":
        return torch.zeros(layers, seeds)
    return torch.rand(layers, seeds, generator=torch.Generator().manual_seed(0))
