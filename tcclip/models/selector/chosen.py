"""What a selector gives, and the seeds of highest score."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor

from tcclip.models.attention import Attended


class Chosen(NamedTuple):
    """The seeds of every frame, best first."""

    score: Tensor | None  # (B, T, N), or (B, T, heads, N) with head-wise slices; None without selection
    seeds: Tensor  # (B, T, S) int64 patches, or (B, T, S, heads): the patch that each head's slice comes from


class Selector(NamedTuple):
    """A way to choose seeds; its decisions carry no gradient."""

    select: Callable[[Attended], Chosen]
    all_queries: bool = False  # it reads the queries of all patches, or attention outputs of more patches than seeds


def best(score: Tensor, count: int) -> Chosen:
    """The best of the patches (..., N) by falling score, (..., count) int64; equal scores keep their order."""
    return Chosen(score, score.argsort(dim=-1, descending=True, stable=True)[..., :count])


def head_wise(score: Tensor, count: int, slices: bool) -> Chosen:
    """Seeds by scores of every head (B, T, heads, N): a list of each head, or one list by the best head."""
    if not slices:
        return best(score.amax(dim=2), count)
    return Chosen(score, best(score, count).seeds.transpose(2, 3))
