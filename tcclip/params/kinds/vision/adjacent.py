"""Every frame also sees all tokens of the frames before and after it (Open-VCLIP; methods.md 3.7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from tcclip.params.kinds.axis import Kind
from tcclip.params.kinds.vision._layers import Infusing, check_range, infusing

if TYPE_CHECKING:
    from tcclip.params.method import Method


class Settings(Kind):
    """Reference tokens: those of the two neighbours."""

    SECTION: ClassVar[str] = "vision"
    kind: Literal["adjacent"] = "adjacent"
    edge: Literal["zero", "mask", "replicate"] = (
        "zero"  # what the first and last frame see where a neighbour is missing
    )
    bias: bool = False  # learnable attention bias between own and reference tokens (Table 9a)
    layers_infuse: Infusing = "all"  # layers that read reference tokens

    def check(self, method: Method) -> None:
        """No section may be idle."""
        if method.tc is not None:
            raise ValueError("section tc has no effect with vision.kind 'adjacent': set it to 'context'")

    def check_layers(self, method: Method, layers: int) -> None:
        """The backbone has the layers."""
        check_range(method.name, self.kind, "layers_infuse", self.layers_infuse, self.infusing(layers), layers)

    def reference_tokens(self, frames: int, places: int) -> int:
        """Keys of a frame beside its own, for a video of `frames` frames with `places` tokens each."""
        return 2 * places

    def infusing(self, layers: int) -> list[int]:
        """The layers, from 1, whose attention reads reference tokens."""
        return infusing(self.layers_infuse, layers)
