"""Head-wise [CLS] attention: every head takes the patches that its [CLS] attends to."""

from __future__ import annotations

import torch

from tcclip.models.attention import Attended
from tcclip.models.selector.chosen import Chosen, Selector, head_wise
from tcclip.models.selector.scores import cls_rows
from tcclip.params.kinds.selector.head_cls_attention import Settings


def make(settings: Settings, count: int) -> Selector:
    """`count` patches of a frame for every head, or by the best head."""

    @torch.no_grad()
    def select(seen: Attended) -> Chosen:
        return head_wise(cls_rows(seen), count, settings.slices)

    return Selector(select, all_queries=settings.slices)
