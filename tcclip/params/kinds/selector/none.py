"""No selection: all patches are seeds, in raster order."""

from __future__ import annotations

from typing import Literal

from tcclip.params.kinds.selector._selector import Selector


class Settings(Selector):
    """No keys of its own; `tc.alpha` is not read."""

    kind: Literal["none"] = "none"

    def seeds(self, patches: int, alpha: float) -> int:
        """All patches."""
        return patches

    def source(self, alpha: float) -> str:
        """Where the seeds come from, for errors."""
        return "all"
