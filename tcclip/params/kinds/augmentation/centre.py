"""No augmentation: training clips are the centres of their frames, as in a test."""

from __future__ import annotations

from typing import ClassVar, Literal

from tcclip.params.centre import Centre
from tcclip.params.kinds.axis import Kind


class Settings(Kind):
    """The centre alone. It changes nothing at random, so a dataset's flips do not count either."""

    SECTION: ClassVar[str] = "recipe.augmentation"
    kind: Literal["centre"] = "centre"
    centre: Centre  # how it is cut out
