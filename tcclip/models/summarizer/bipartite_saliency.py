"""Matching whose means weigh merged seeds by patch saliency, after vid-TLDR (methods.md 7.7)."""

from __future__ import annotations

from functools import partial
from typing import cast

from torch import Tensor

from tcclip.models.precision import full_precision
from tcclip.models.selector.saliency import saliency_weight
from tcclip.models.summarizer.groups import Summary, mean_by_group
from tcclip.models.summarizer.matching import match
from tcclip.models.summarizer.summary import Summarizer
from tcclip.params.kinds.summarizer.bipartite_saliency import Settings


def make(settings: Settings, k: int) -> Summarizer:
    """Matching in rounds until k tokens are left."""

    def summarise(seeds: Tensor, weight: Tensor | None, draws: Tensor | None) -> Summary:
        return bipartite_saliency(seeds, k, settings.r, cast(Tensor, weight))

    weigh = partial(saliency_weight, over_video=settings.over == "video")
    return Summarizer(summarise, weigh=weigh, all_queries=True)


def bipartite_saliency(seeds: Tensor, k: int, r: int, weight: Tensor) -> Summary:
    """As `bipartite`, but what is merged into another token counts `weight` (B, n) in 0..1 times (methods.md 7.7)."""
    group, share = match(full_precision(seeds), k, r, weight)
    return Summary(seeds if seeds.shape[1] <= k else mean_by_group(seeds, group, k, share), group)
