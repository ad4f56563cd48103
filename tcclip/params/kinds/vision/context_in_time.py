"""As `context`, with a learned vector for each frame, a time code, that context tokens carry; beyond the paper."""

from __future__ import annotations

from typing import Literal

from tcclip.params.kinds.vision import context


class Settings(context.Settings):
    """The settings of `context`: the time code has none."""

    kind: Literal["context_in_time"] = "context_in_time"  # type: ignore[assignment]  # another name of the same keys
