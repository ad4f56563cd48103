"""Recipe S of methods.md 1.3: a random size, a random crop of it and a flip, all frames alike."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator

from tcclip.params.kinds.axis import Kind
from tcclip.params.numbers import Probability

SMALLEST = 224  # the input


def _ascending(sides: tuple[int, int]) -> tuple[int, int]:
    if not SMALLEST <= sides[0] <= sides[1]:
        raise ValueError(f"must be two sides, the first at least {SMALLEST} and at most the second")
    return sides


class Settings(Kind):
    """Recipe S, of Open-VCLIP and FROSTER."""

    SECTION: ClassVar[str] = "recipe.augmentation"
    kind: Literal["s"] = "s"
    # Short side of the resized frames, uniform between the two, for an input of 224 and in proportion for others
    short_sides: Annotated[tuple[int, int], AfterValidator(_ascending)]
    flip_prob: Probability  # the whole clip; where classes name a side, see flip_sided
    flip_sided: bool = False  # also those of datasets whose classes name a side
