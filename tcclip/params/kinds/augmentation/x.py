"""Recipe X of methods.md 1.3: crops at several scales, flips, changes of colour, grey clips."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from tcclip.params.kinds.axis import Kind
from tcclip.params.numbers import Probability
from tcclip.params.reader import Params


class ColorJitter(Params):
    """Colour changes drawn per frame."""

    prob: Probability  # share of clips that are changed
    brightness: Probability  # drawn up to this far from 1, a factor
    contrast: Probability  # drawn up to this far from 1, a factor
    saturation: Probability  # drawn up to this far from 1, a factor
    hue: Annotated[float, Field(ge=0, le=0.5)]  # drawn up to this, a part of the colour circle


class Settings(Kind):
    """Recipe X."""

    SECTION: ClassVar[str] = "recipe.augmentation"
    kind: Literal["x"] = "x"
    crop_scales: list[Annotated[float, Field(gt=0, le=1)]]  # sides of a crop, as shares of the short side
    flip_prob: Probability  # the whole clip; where classes name a side, see flip_sided
    flip_sided: bool = False  # also those of datasets whose classes name a side
    color_jitter: ColorJitter  # changes of colour
    gray_prob: Probability  # the whole clip
