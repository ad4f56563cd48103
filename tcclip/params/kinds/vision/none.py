"""Frames do not see each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from tcclip.params.kinds.axis import Kind

if TYPE_CHECKING:
    from tcclip.params.method import Method


class Settings(Kind):
    """CLIP's vision tower on every frame by itself."""

    SECTION: ClassVar[str] = "vision"
    kind: Literal["none"] = "none"
    bias: bool = Field(False, exclude=True)  # refused: no layer reads reference tokens

    def check(self, method: Method) -> None:
        """No key may be idle."""
        if self.bias:
            raise ValueError("vision.bias true has no effect with vision.kind 'none': no layer reads reference tokens")
        if method.tc is not None:
            raise ValueError("section tc has no effect with vision.kind 'none': set it to 'context'")

    def infusing(self, layers: int) -> list[int]:
        """The layers, from 1, whose attention reads reference tokens."""
        return []
