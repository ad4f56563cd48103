"""When a measured cell agrees with the printed number (params/verdicts.yaml)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from tcclip.params.reader import Params, params_folder, read_yaml, validate

NotNegative = Annotated[float, Field(ge=0)]


class Rule(Params):
    """How far a printed number may lie outside of a cell's interval, and how much of a split has to be tested."""

    deviations: NotNegative  # printed standard deviations
    rounding: NotNegative  # points
    counted: NotNegative  # percent of a cost
    coverage: Annotated[float, Field(ge=0, le=100)]  # percent of a split's listed videos


def load_rule() -> Rule:
    """Read params/verdicts.yaml."""
    path = params_folder() / "verdicts.yaml"
    return validate(read_yaml(path), Rule, path)
