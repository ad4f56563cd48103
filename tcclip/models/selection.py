"""Selectors: which patches of a frame become seed tokens (paper, Eq. 5; Table 8a; methods.md 6)."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from tcclip.models.attention import Attended
from tcclip.models.saliency import patch_saliency
from tcclip.models.sampling import inverse_transform
from tcclip.models.scores import ats_significance, cls_attention, cls_rows, key_norms
from tcclip.params.vision import TemporalContext


class Chosen(NamedTuple):
    """The seeds of every frame, best first."""

    score: Tensor | None  # (B, T, N), or (B, T, heads, N) with head-wise slices; None without selection
    seeds: Tensor  # (B, T, S) int64 patches, or (B, T, S, heads): the patch that each head's slice comes from


Select = Callable[[Attended], Chosen]
ALL_QUERIES = ("patch_saliency", "bipartite_saliency")  # selectors and summarizers that read the patches' queries


def selector(tc: TemporalContext, patches: int) -> Select:
    """The selector of a method for frames of `patches`; its decisions carry no gradient."""
    count = tc.seeds(patches)

    @torch.no_grad()
    def select(seen: Attended) -> Chosen:
        match tc.selector:
            case "none":
                every = torch.arange(patches, device=seen.key.device)
                return Chosen(None, every.expand(*seen.key.shape[:2], patches))
            case "head_key_norm":
                return head_wise(key_norms(seen), count, tc.slices)
            case "key_norm":
                return best(key_norms(seen).mean(dim=2), count)
            case "head_cls_attention":
                return head_wise(cls_rows(seen), count, tc.slices)
            case "cls_attention":
                return best(cls_attention(seen), count)
            case "patch_saliency":
                return best(patch_saliency(seen), count)
            case "ats":
                significance = ats_significance(seen)
                return Chosen(significance, inverse_transform(significance, count, tc.ats.doubles == "keep"))

    return select


def best(score: Tensor, count: int) -> Chosen:
    """The best of the patches (..., N) by falling score, (..., count) int64; equal scores keep their order."""
    return Chosen(score, score.argsort(dim=-1, descending=True, stable=True)[..., :count])


def head_wise(score: Tensor, count: int, slices: bool) -> Chosen:
    """Seeds by scores of every head (B, T, heads, N): a list of each head, or one list by the best head."""
    if not slices:
        return best(score.amax(dim=2), count)
    return Chosen(score, best(score, count).seeds.transpose(2, 3))
