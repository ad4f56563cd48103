"""As `context`, with a learned vector for each frame, a time code, that context tokens carry; beyond the paper."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from tcclip.params.kinds.vision import context


class Settings(context.Settings):
    """The settings of `context`, and one of the time code."""

    kind: Literal["context_in_time"] = "context_in_time"  # type: ignore[assignment]  # another name of the same keys
    # What the learned numbers count in a token: they learn at the rate of CLIP's weights, and start at zero
    gain: Annotated[float, Field(gt=0)] = 100.0
