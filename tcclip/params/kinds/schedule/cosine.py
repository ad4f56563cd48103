"""Linear from 0, then a cosine that was counted from 0, so that the rate drops when warm-up ends (methods.md 1.5)."""

from __future__ import annotations

from typing import ClassVar, Literal

from tcclip.params.kinds.axis import Kind


class Settings(Kind):
    """No keys: rates and epochs belong to the protocol."""

    SECTION: ClassVar[str] = "recipe.schedule"
    kind: Literal["cosine"] = "cosine"
