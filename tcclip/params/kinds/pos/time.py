"""CLIP's position table, shared by all frames, and a learned embedding of time (systems/vita_clip.md 1)."""

from __future__ import annotations

from typing import ClassVar, Literal

from tcclip.params.kinds.axis import Kind


class Settings(Kind):
    """Positions in space plus positions in time."""

    SECTION: ClassVar[str] = "pos"
    kind: Literal["time"] = "time"
