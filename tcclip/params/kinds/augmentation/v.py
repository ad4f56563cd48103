"""Recipe V of methods.md 1.3: RandAugment on whole frames, then a crop of random size and shape, all frames alike."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from tcclip.params.kinds.axis import Kind
from tcclip.params.numbers import Positive, Probability
from tcclip.params.reader import Params


def _ascending(pair: tuple[float, float]) -> tuple[float, float]:
    if pair[0] > pair[1]:
        raise ValueError("the first of the two numbers must not be larger than the second")
    return pair


Span = Annotated[tuple[Positive, Positive], AfterValidator(_ascending)]


class RandAugment(Params):
    """Operations on a picture, drawn once per clip."""

    count: Annotated[int, Field(ge=0)]  # operations, drawn with replacement; 0: none
    prob: Probability  # that a drawn one is applied
    magnitude: Annotated[float, Field(ge=0, le=10)]  # mean of an operation's strength, of at most 10
    deviation: Annotated[float, Field(ge=0)]  # standard deviation of it


class Settings(Kind):
    """Recipe V. It flips no clip, whatever the dataset allows."""

    SECTION: ClassVar[str] = "recipe.augmentation"
    kind: Literal["v"] = "v"
    rand_augment: RandAugment  # operations of the set whose strength grows with the magnitude
    area: Span  # of a crop, as a share of the frame's: uniform between the two
    ratio: Span  # width over height of a crop: uniform in its logarithm between the two
