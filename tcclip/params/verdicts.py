"""When a measured cell agrees with the printed number (params/verdicts.yaml)."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field

from tcclip.params.reader import Params, read_file

Word = Literal["reproduced", "lower", "higher", "not comparable"]  # what is said of a cell
REPRODUCED: Final = "reproduced"
LOWER: Final = "lower"
HIGHER: Final = "higher"
NOT_COMPARABLE: Final = "not comparable"
NotNegative = Annotated[float, Field(ge=0)]


class Rule(Params):
    """How far a printed number may lie outside of a cell's interval, and how much of a split has to be tested."""

    deviations: NotNegative  # printed standard deviations
    rounding: NotNegative  # points
    counted: NotNegative  # percent of a cost
    coverage: Annotated[float, Field(ge=0, le=100)]  # percent of a split's listed videos


def load_rule() -> Rule:
    """Read params/verdicts.yaml."""
    return read_file("verdicts", Rule)
