"""The mean of the weights after each epoch from one on (stochastic weight averaging)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from tcclip.params.kinds.select._select import Select


class Settings(Select):
    """A mean with equal shares."""

    kind: Literal["average"] = "average"
    from_epoch: Annotated[int, Field(ge=0)]  # first epoch whose weights count, from 0

    def check_epochs(self, epochs: int) -> None:
        """At least the last epoch counts."""
        if self.from_epoch >= epochs:
            raise ValueError(f"select.from_epoch is counted from 0: {self.from_epoch} is not below epochs ({epochs})")
