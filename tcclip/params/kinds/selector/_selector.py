"""What the settings of all selectors have."""

from __future__ import annotations

import math
from typing import ClassVar

from tcclip.params.kinds.axis import Kind


class Selector(Kind):
    """Settings of a selector."""

    SECTION: ClassVar[str] = "tc.selector"

    @property
    def slices(self) -> bool:
        """Whether a seed is put together from the slices of several patches."""
        return False

    def seeds(self, patches: int, alpha: float) -> int:
        """Seeds of one frame, floor(alpha * N): 58 of 196 at alpha 0.3."""
        return max(1, math.floor(alpha * patches + 1e-9))

    def source(self, alpha: float) -> str:
        """Where the seeds come from, for errors."""
        return f"tc.alpha {alpha} of"
