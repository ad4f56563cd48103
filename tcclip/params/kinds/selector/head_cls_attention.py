"""Every head takes the patches that its [CLS] attends to."""

from __future__ import annotations

from typing import Literal

from tcclip.params.kinds.selector._selector import Selector


class Settings(Selector):
    """Head-wise selection."""

    kind: Literal["head_cls_attention"] = "head_cls_attention"
    # A list of every head, seeds put together from slices | the best head
    head_wise: Literal["slices", "max"] = "slices"

    @property
    def slices(self) -> bool:
        """Whether a seed is put together from the slices of several patches."""
        return self.head_wise == "slices"
