"""How intervals are drawn (params/statistics.yaml)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from tcclip.params.reader import Params, read_file


class Statistics(Params):
    """The draws of the bootstrap over recordings, and the level of its intervals."""

    draws: Annotated[int, Field(ge=100)]  # replicates of a cell
    level: Annotated[float, Field(gt=50, lt=100)]  # percent
    seed: Annotated[int, Field(ge=0)]
    variance: Annotated[float, Field(ge=1, le=2)]  # of a video's weight, whose mean is 1

    @property
    def tail(self) -> float:
        """The probability outside an interval on each of its sides."""
        return (1 - self.level / 100) / 2


def load_statistics() -> Statistics:
    """Read params/statistics.yaml."""
    return read_file("statistics", Statistics)
