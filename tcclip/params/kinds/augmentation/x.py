"""Recipe X of methods.md 1.3: crops at several scales, flips, changes of colour, grey clips."""

from __future__ import annotations

from typing import Literal

from tcclip.params.kinds.augmentation._multi_scale import MultiScale


class Settings(MultiScale):
    """Recipe X."""

    kind: Literal["x"] = "x"
