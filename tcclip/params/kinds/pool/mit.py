"""Multi-frame integration: transformer blocks over the frames, added to the frames, and their mean (X-CLIP)."""

from __future__ import annotations

from typing import ClassVar, Literal

from tcclip.params.kinds.axis import Kind
from tcclip.params.numbers import Count


class Settings(Kind):
    """X-CLIP's MIT. Its position table has a row for each frame of a view, so weights fit one number of frames."""

    SECTION: ClassVar[str] = "pool"
    kind: Literal["mit"] = "mit"
    blocks: Count = 1  # transformer blocks over the frames
