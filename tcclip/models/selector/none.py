"""No selection: all patches are seeds, in raster order."""

from __future__ import annotations

import torch

from tcclip.models.attention import Attended
from tcclip.models.selector.chosen import Chosen, Selector
from tcclip.params.kinds.selector.none import Settings


def make(settings: Settings, count: int) -> Selector:
    """All `count` patches of a frame."""

    @torch.no_grad()
    def select(seen: Attended) -> Chosen:
        every = torch.arange(count, device=seen.key.device)
        return Chosen(None, every.expand(*seen.key.shape[:2], count))

    return Selector(select)
