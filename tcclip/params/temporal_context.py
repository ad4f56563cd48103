"""The section `tc`: how a layer's context tokens are made (paper, 3.2; Tables 8 and 9)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from tcclip.params.kinds.flat_keys import SectionOfKinds
from tcclip.params.kinds.one_of import OneOf
from tcclip.params.kinds.selector._selector import Selector
from tcclip.params.kinds.summarizer._summarizer import Summarizer
from tcclip.params.numbers import Count


class TemporalContext(SectionOfKinds):
    """How a layer's context tokens are made. Keys of selectors and summarizers may stand beside them in the section."""

    selector: Annotated[Selector, OneOf("selector")]  # score that chooses the seed tokens (Table 8a)
    summarizer: Annotated[Summarizer, OneOf("summarizer")]  # how seeds become context tokens (Table 8b)
    alpha: Annotated[float, Field(gt=0, le=1)]  # share of a frame's patches taken as seeds (Table 9b)
    k: Count  # context tokens per video (Table 9c)

    def seeds(self, patches: int) -> int:
        """Seeds of one frame of `patches`: 58 of 196 at alpha 0.3; all patches without selection."""
        return int(self.selector.seeds(patches, self.alpha))
