"""What the settings of all selections have."""

from __future__ import annotations

from typing import ClassVar

from tcclip.params.kinds.axis import Kind


class Select(Kind):
    """Settings of a selection, and what a protocol asks it."""

    SECTION: ClassVar[str] = "select"
    VALIDATES_LAST: ClassVar[bool] = False  # whether the last epoch is validated even if the protocol does not say so
    IS_LAST: ClassVar[bool] = False  # whether the weights that are kept are the last epoch's

    def check_epochs(self, epochs: int) -> None:
        """Raise a ValueError with the keys where a training of so many epochs has nothing to keep."""
