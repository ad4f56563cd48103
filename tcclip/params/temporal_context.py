"""The section `tc`: how a layer's context tokens are made (paper, 3.2; Tables 8 and 9)."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, model_validator

from tcclip.params.kinds.flat_keys import gathered, keys_beside
from tcclip.params.kinds.one_of import OneOf
from tcclip.params.kinds.selector._selector import Selector
from tcclip.params.kinds.summarizer._summarizer import Summarizer
from tcclip.params.numbers import Count
from tcclip.params.reader import Params

AXES = ("selector", "summarizer")


class TemporalContext(Params):
    """How a layer's context tokens are made. Keys of selectors and summarizers may stand beside them in the section."""

    selector: Annotated[Selector, OneOf("selector")]  # score that chooses the seed tokens (Table 8a)
    summarizer: Annotated[Summarizer, OneOf("summarizer")]  # how seeds become context tokens (Table 8b)
    alpha: Annotated[float, Field(gt=0, le=1)]  # share of a frame's patches taken as seeds (Table 9b)
    k: Count  # context tokens per video (Table 9c)

    @model_validator(mode="before")
    @classmethod
    def _kinds_get_their_keys(cls, content: Any) -> Any:
        return gathered(content, AXES, cls.model_fields) if isinstance(content, dict) else content

    @classmethod
    def keys_beside(cls) -> list[str]:
        """Keys that the section may hold besides its own."""
        return keys_beside(AXES)

    def seeds(self, patches: int) -> int:
        """Seeds of one frame of `patches`: 58 of 196 at alpha 0.3; all patches without selection."""
        return int(self.selector.seeds(patches, self.alpha))
