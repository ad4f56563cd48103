"""A cosine over optimizer steps that begins anew after a period, whatever the training's length (A5)."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from tcclip.params.kinds.axis import Kind


class Settings(Kind):
    """A period much longer than a training keeps the rate constant; a protocol's warm-up comes on top."""

    SECTION: ClassVar[str] = "recipe.schedule"
    kind: Literal["restarts"] = "restarts"
    period: Annotated[int, Field(ge=1)]  # optimizer steps from one restart to the next
