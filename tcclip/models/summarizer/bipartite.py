"""Repeated bipartite soft matching: the seeds of a video become k context tokens (paper, 3.2; methods.md 7.5)."""

from __future__ import annotations

from torch import Tensor

from tcclip.models.precision import full_precision
from tcclip.models.summarizer.groups import Summary, mean_by_group
from tcclip.models.summarizer.matching import match
from tcclip.models.summarizer.summary import Summarizer
from tcclip.params.kinds.summarizer.bipartite import Settings


def make(settings: Settings, k: int) -> Summarizer:
    """Matching in rounds until k tokens are left."""

    def summarise(seeds: Tensor, weight: Tensor | None, draws: Tensor | None) -> Summary:
        return bipartite(seeds, k, settings.r)

    return Summarizer(summarise)


def bipartite(seeds: Tensor, k: int, r: int) -> Summary:
    """Merge seeds (B, n, D), whose order matters, to k tokens (B, k, D): each is the mean of the seeds it has taken in.

    The decisions carry no gradient, the means do. With n <= k nothing is merged and n tokens come back.
    """
    group, _ = match(full_precision(seeds), k, r)
    return Summary(seeds if seeds.shape[1] <= k else mean_by_group(seeds, group, k), group)
