"""One position table, CLIP's, shared by all frames."""

from __future__ import annotations

from typing import ClassVar, Literal

from tcclip.params.kinds.axis import Kind


class Settings(Kind):
    """Positions in space alone."""

    SECTION: ClassVar[str] = "pos"
    kind: Literal["space"] = "space"
