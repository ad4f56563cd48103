"""What the settings of recipes with crops at several scales have."""

from __future__ import annotations

from typing import Annotated, ClassVar

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


class MultiScale(Kind):
    """A crop, a flip, changes of colour, grey clips."""

    SECTION: ClassVar[str] = "recipe.augmentation"
    # Sides of a crop, as shares of the short side
    crop_scales: Annotated[list[Annotated[float, Field(gt=0, le=1)]], Field(min_length=1)]
    flip_prob: Probability  # the whole clip; where classes name a side, see flip_sided
    flip_sided: bool = False  # also those of datasets whose classes name a side
    color_jitter: ColorJitter  # changes of colour
    gray_prob: Probability  # the whole clip
