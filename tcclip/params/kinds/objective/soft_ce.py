"""Cross entropy with soft targets: smoothed labels, videos mixed inside a micro-batch (methods.md 1.4)."""

from __future__ import annotations

from typing import ClassVar, Literal

from tcclip.params.kinds.axis import Kind
from tcclip.params.numbers import Positive, Probability
from tcclip.params.reader import Params


class Mixup(Params):
    """Mixing of videos and labels inside a micro-batch."""

    prob: Probability  # share of micro-batches that are mixed at all
    mixup_alpha: Positive  # Beta(alpha, alpha) of the mixing weight
    cutmix_alpha: Positive  # Beta(alpha, alpha) of the share of the picture
    cutmix_prob: Probability  # CutMix with this probability, otherwise Mixup


class Settings(Kind):
    """Cross entropy with soft targets."""

    SECTION: ClassVar[str] = "recipe.objective"
    kind: Literal["soft_ce"] = "soft_ce"
    label_smoothing: Probability  # share of the target that all classes have together
    mixup: Mixup | None  # mixing of videos; null: none
