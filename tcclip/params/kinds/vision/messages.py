"""Every frame also sees a message of its own, which it has exchanged with those of the other frames (X-CLIP)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from tcclip.params.kinds.axis import Kind

if TYPE_CHECKING:
    from tcclip.params.method import Method


class Settings(Kind):
    """Message tokens in every layer."""

    SECTION: ClassVar[str] = "vision"
    kind: Literal["messages"] = "messages"
    bias: bool = Field(False, exclude=True)  # refused: a message is one of the frame's own tokens

    def check(self, method: Method) -> None:
        """No key and no section may be idle."""
        if self.bias:
            raise ValueError(
                "vision.bias true does not go with vision.kind 'messages': a message is one of the frame's own tokens"
            )
        if method.tc is not None:
            raise ValueError("section tc has no effect with vision.kind 'messages': set it to 'context'")
