"""The cosine times a factor that starts anew instead of from CLIP's, and is trained up to a limit (methods.md 3.8)."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from tcclip.params.kinds.score._score import CosineScale, Score
from tcclip.params.numbers import Positive


class Settings(Score):
    """Factors are exp(logit_scale)."""

    kind: Literal["restarted_cosine"] = "restarted_cosine"
    start: Positive  # the factor that a training starts with
    most: Positive  # the largest factor: a step that goes beyond is set back to it
    untrained: Positive  # the factor where nothing is trained, and at CLIP's end of a weight ensemble

    @property
    def scale(self) -> CosineScale:
        """The factor of the cosine."""
        return CosineScale(self.start, self.most, self.untrained)

    @model_validator(mode="after")
    def _starts_below_its_limit(self) -> Settings:
        if self.start > self.most:
            raise ValueError(f"start {self.start:g} is above most {self.most:g}: a training would begin beyond it")
        return self
