"""One frame of each of T equal segments of the video (methods.md 1.2)."""

from __future__ import annotations

from typing import ClassVar, Literal

from tcclip.params.kinds.axis import Kind


class Settings(Kind):
    """No keys: T belongs to the protocol."""

    SECTION: ClassVar[str] = "sampling"
    kind: Literal["segments"] = "segments"
