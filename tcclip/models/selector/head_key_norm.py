"""Head-wise key norm: every head takes its patches of the largest keys."""

from __future__ import annotations

import torch

from tcclip.models.attention import Attended
from tcclip.models.selector.chosen import Chosen, Selector, head_wise
from tcclip.models.selector.scores import key_norms
from tcclip.params.kinds.selector.head_key_norm import Settings


def make(settings: Settings, count: int) -> Selector:
    """`count` patches of a frame for every head, or by the best head."""

    @torch.no_grad()
    def select(seen: Attended) -> Chosen:
        return head_wise(key_norms(seen), count, settings.slices)

    return Selector(select, all_queries=settings.slices)
