"""The mean over frames."""

from __future__ import annotations

from typing import ClassVar, Literal

from tcclip.params.kinds.axis import Kind


class Settings(Kind):
    """No keys of its own."""

    SECTION: ClassVar[str] = "pool"
    kind: Literal["mean"] = "mean"
