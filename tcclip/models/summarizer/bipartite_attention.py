"""Matching whose means weigh seeds by [CLS] attention (methods.md 7.6)."""

from __future__ import annotations

from typing import cast

from torch import Tensor

from tcclip.models.precision import full_precision
from tcclip.models.selector.scores import cls_attention
from tcclip.models.summarizer.groups import Summary, mean_by_group
from tcclip.models.summarizer.matching import match
from tcclip.models.summarizer.summary import Summarizer
from tcclip.params.kinds.summarizer.bipartite_attention import Settings

LEAST = 1e-6  # of a weight relative to their mean: a group whose attention is all zero still has a mean


def make(settings: Settings, k: int) -> Summarizer:
    """Matching in rounds until k tokens are left."""

    def summarise(seeds: Tensor, weight: Tensor | None, draws: Tensor | None) -> Summary:
        return bipartite_attention(seeds, k, settings.r, cast(Tensor, weight))

    return Summarizer(summarise, weigh=cls_attention)


def bipartite_attention(seeds: Tensor, k: int, r: int, weight: Tensor) -> Summary:
    """As `bipartite`, with means weighted by `weight` (B, n), the seeds' [CLS] attention (methods.md 7.6)."""
    weight = (weight / weight.mean(dim=1, keepdim=True)).clamp_min(LEAST)
    group, _ = match(full_precision(seeds) * weight[..., None], k, r)
    return Summary(seeds if seeds.shape[1] <= k else mean_by_group(seeds, group, k, weight), group)
