"""Adaptive token sampling: inverse-transform sampling of patches by their significance (methods.md 6)."""

from __future__ import annotations

import torch
from torch import Tensor

from tcclip.models.attention import Attended
from tcclip.models.selector.chosen import Chosen, Selector
from tcclip.models.selector.scores import ats_significance
from tcclip.params.kinds.selector.ats import Settings


def make(settings: Settings, count: int) -> Selector:
    """`count` patches of a frame by their significance."""

    @torch.no_grad()
    def select(seen: Attended) -> Chosen:
        significance = ats_significance(seen)
        return Chosen(significance, inverse_transform(significance, count, settings.doubles == "keep"))

    return Selector(select)


@torch.no_grad()
def inverse_transform(weight: Tensor, count: int, keep_doubles: bool = False) -> Tensor:
    """`count` patches by their weights (B, T, N), in falling order of weight: (B, T, count) int64.

    The cumulative sum of the weights, smallest first, is rescaled to 0..1 and read at `count` levels, equally spaced
    from its smallest positive value to 1; the patch whose sum is nearest to a level is taken. Several levels may name
    one patch: the list is then filled with the heaviest patches that no level has named, so that shapes are fixed, or
    with `keep_doubles` the patch stands in it as often as it is named.
    """
    order = weight.argsort(dim=-1, descending=True, stable=True)  # rank -> patch
    total = weight.gather(-1, order).flip(-1).cumsum(dim=-1)  # smallest first
    low, high = total[..., :1], total[..., -1:]
    total = (total - low) / (high - low).clamp_min(torch.finfo(total.dtype).tiny)
    start = total.masked_fill(total <= 0, 1.0).amin(dim=-1, keepdim=True)
    steps = torch.arange(count, device=weight.device, dtype=total.dtype) / max(1, count - 1)
    levels = start + (1 - start) * steps  # (B, T, count)
    nearest = (total[..., None, :] - levels[..., None]).abs().argmin(dim=-1)  # places, smallest first
    patches = weight.shape[-1]
    if keep_doubles:
        return order.gather(-1, (patches - 1 - nearest).sort(dim=-1).values)
    named = torch.zeros_like(order, dtype=torch.bool).scatter_(-1, patches - 1 - nearest, True)  # by rank
    rank = torch.arange(patches, device=weight.device).expand_as(order)
    taken = torch.where(named, rank, rank + patches).argsort(dim=-1)[..., :count].sort(dim=-1).values
    return order.gather(-1, taken)
