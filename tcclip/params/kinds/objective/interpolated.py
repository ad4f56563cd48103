"""Cross entropy at the weights and, weaker, at weights on the way back to CLIP's (Open-VCLIP; methods.md 3.7)."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from tcclip.params.kinds.axis import Kind
from tcclip.params.kinds.objective.soft_ce import Mixup
from tcclip.params.numbers import Positive, Probability


class Settings(Kind):
    """The second gradient is taken at the interpolated weights, and added as it is to that of the weights."""

    SECTION: ClassVar[str] = "recipe.objective"
    kind: Literal["interpolated"] = "interpolated"
    most_clip: Annotated[float, Field(gt=0, le=1)] = 0.6  # CLIP's share is drawn from 0 to this, uniformly
    factor: Positive = 0.5  # of the second loss
    # One share for a whole step, whoever computes it | each process draws its own, so that their number counts
    drawn_for: Literal["step", "process"] = "step"
    label_smoothing: Probability = 0.0  # share of the target that all classes have together
    mixup: Mixup | None = None  # mixing of videos, the same for both losses; null: none
