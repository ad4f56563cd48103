"""A position table of its own for every frame, each starting as CLIP's."""

from __future__ import annotations

from typing import ClassVar, Literal

from tcclip.params.kinds.axis import Kind


class Settings(Kind):
    """Positions in space and time (Table 9a)."""

    SECTION: ClassVar[str] = "pos"
    kind: Literal["joint"] = "joint"
