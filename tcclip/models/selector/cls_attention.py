"""Averaged [CLS] attention: seeds are the patches that [CLS] attends to, mean over heads (Eq. 5)."""

from __future__ import annotations

import torch

from tcclip.models.attention import Attended
from tcclip.models.selector.chosen import Chosen, Selector, best
from tcclip.models.selector.scores import cls_attention
from tcclip.params.kinds.selector.cls_attention import Settings


def make(settings: Settings, count: int) -> Selector:
    """The `count` patches of a frame that [CLS] attends to."""

    @torch.no_grad()
    def select(seen: Attended) -> Chosen:
        return best(cls_attention(seen), count)

    return Selector(select)
