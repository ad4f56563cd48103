"""Joint space-time attention: one softmax over the tokens of all frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from tcclip.params.kinds.axis import Kind
from tcclip.params.kinds.vision._layers import Infusing, check_range, infusing

if TYPE_CHECKING:
    from tcclip.params.method import Method


class Settings(Kind):
    """Reference tokens: all tokens of all other frames."""

    SECTION: ClassVar[str] = "vision"
    kind: Literal["all"] = "all"
    bias: bool = Field(False, exclude=True)  # refused: own and other frames share one attention
    layers_infuse: Infusing = "all"  # layers that read reference tokens

    def check(self, method: Method) -> None:
        """No section may be idle."""
        if self.bias:
            raise ValueError(
                "vision.bias true does not go with vision.kind 'all': own and other frames share one attention"
            )
        if method.tc is not None:
            raise ValueError("section tc has no effect with vision.kind 'all': set it to 'context'")

    def check_layers(self, method: Method, layers: int) -> None:
        """The backbone has the layers."""
        check_range(method.name, self.kind, "layers_infuse", self.layers_infuse, self.infusing(layers), layers)

    def reference_tokens(self, frames: int, places: int) -> int:
        """Keys of a frame beside its own, for a video of `frames` frames with `places` tokens each."""
        return (frames - 1) * places

    def infusing(self, layers: int) -> list[int]:
        """The layers, from 1, whose attention reads reference tokens."""
        return infusing(self.layers_infuse, layers)
