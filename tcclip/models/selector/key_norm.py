"""Averaged key norm: seeds are the patches of the largest keys, mean over heads."""

from __future__ import annotations

import torch

from tcclip.models.attention import Attended
from tcclip.models.selector.chosen import Chosen, Selector, best
from tcclip.models.selector.scores import key_norms
from tcclip.params.kinds.selector.key_norm import Settings


def make(settings: Settings, count: int) -> Selector:
    """The `count` patches of a frame with the largest keys."""

    @torch.no_grad()
    def select(seen: Attended) -> Chosen:
        return best(key_norms(seen).mean(dim=2), count)

    return Selector(select)
