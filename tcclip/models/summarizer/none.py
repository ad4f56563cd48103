"""No merge: the seeds themselves are the context tokens."""

from __future__ import annotations

from torch import Tensor

from tcclip.models.summarizer.groups import Summary, own_groups
from tcclip.models.summarizer.summary import Summarizer
from tcclip.params.kinds.summarizer.none import Settings


def make(settings: Settings, k: int) -> Summarizer:
    """As many context tokens as seeds; k is not read."""

    def summarise(seeds: Tensor, weight: Tensor | None, draws: Tensor | None) -> Summary:
        return Summary(seeds, own_groups(seeds))

    return Summarizer(summarise)
