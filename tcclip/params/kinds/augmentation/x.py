"""Recipe X of methods.md 1.3: crops at several scales, flips, changes of colour, grey clips."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from tcclip.params.kinds.axis import Kind
from tcclip.params.numbers import Probability
from tcclip.params.reader import Params


class ColorJitter(Params):
    """Colour changes drawn per frame."""

    prob: Probability
    brightness: Probability
    contrast: Probability
    saturation: Probability
    hue: Annotated[float, Field(ge=0, le=0.5)]


class Settings(Kind):
    """Recipe X."""

    SECTION: ClassVar[str] = "recipe.augmentation"
    kind: Literal["x"] = "x"
    crop_scales: list[Annotated[float, Field(gt=0, le=1)]]
    flip_prob: Probability  # the whole clip; datasets whose classes name a side switch it off
    color_jitter: ColorJitter
    gray_prob: Probability  # the whole clip
