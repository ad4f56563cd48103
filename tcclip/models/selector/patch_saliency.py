"""Patch saliency: seeds are the patches with the most peaked attention, after vid-TLDR."""

from __future__ import annotations

import torch

from tcclip.models.attention import Attended
from tcclip.models.selector.chosen import Chosen, Selector, best
from tcclip.models.selector.saliency import patch_saliency
from tcclip.params.kinds.selector.patch_saliency import Settings


def make(settings: Settings, count: int) -> Selector:
    """The `count` most salient patches of a frame."""

    @torch.no_grad()
    def select(seen: Attended) -> Chosen:
        return best(patch_saliency(seen), count)

    return Selector(select, all_queries=True)
