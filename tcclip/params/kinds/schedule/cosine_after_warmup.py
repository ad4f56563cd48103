"""Linear from 0 or the lowest rate, then a cosine over what is left after warm-up (methods.md 3.2 and 3.7)."""

from __future__ import annotations

from typing import ClassVar, Literal

from tcclip.params.kinds.axis import Kind
from tcclip.params.numbers import Count


class Settings(Kind):
    """A cosine from which warm-up is subtracted, so that the rate does not jump."""

    SECTION: ClassVar[str] = "recipe.schedule"
    kind: Literal["cosine_after_warmup"] = "cosine_after_warmup"
    set_every: Count = 1  # the rate is set at an epoch's first step and at every so-manieth
    warmup_from_min: bool = False  # warm-up rises from the protocol's lr_min instead of 0
