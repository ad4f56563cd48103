"""No pooling: a score gets the features of all frames."""

from __future__ import annotations

from typing import ClassVar, Literal

from tcclip.params.kinds.axis import Kind


class Settings(Kind):
    """For scores that compare texts with frames, which check that they have them. No keys of its own."""

    SECTION: ClassVar[str] = "pool"
    kind: Literal["frames"] = "frames"
