"""A cosine over optimizer steps that begins anew after a period, whatever the training's length (A5)."""

from __future__ import annotations

from typing import ClassVar, Literal

from tcclip.params.kinds.axis import Kind
from tcclip.params.numbers import Count


class Settings(Kind):
    """A period much longer than a training keeps the rate constant; a protocol's warm-up comes on top."""

    SECTION: ClassVar[str] = "recipe.schedule"
    kind: Literal["restarts"] = "restarts"
    period: Count  # optimizer steps from one restart to the next
