"""The cosine at a temperature that is not trained; CLIP's logit_scale is not used."""

from __future__ import annotations

from typing import Literal

from tcclip.params.kinds.score._score import Score
from tcclip.params.numbers import Positive


class Settings(Score):
    """A cosine divided by a constant."""

    kind: Literal["fixed_cosine"] = "fixed_cosine"
    temperature: Positive  # logits are the cosine divided by it; 0.01 is the scale 100
