"""Every frame also sees the [CLS] tokens of all frames, its own included."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from tcclip.params.kinds.axis import Kind
from tcclip.params.kinds.vision._layers import Infusing, check_range, infusing

if TYPE_CHECKING:
    from tcclip.params.method import Method


class Settings(Kind):
    """Reference tokens: T [CLS] tokens."""

    SECTION: ClassVar[str] = "vision"
    kind: Literal["cls"] = "cls"
    bias: bool = False  # learnable attention bias between own and reference tokens (Table 9a)
    layers_infuse: Infusing = "all"  # layers that read reference tokens

    def check(self, method: Method) -> None:
        """No section may be idle."""
        if method.tc is not None:
            raise ValueError("section tc has no effect with vision.kind 'cls': set it to 'context'")

    def check_layers(self, method: Method, layers: int) -> None:
        """The backbone has the layers."""
        check_range(method.name, self.kind, "layers_infuse", self.layers_infuse, self.infusing(layers), layers)

    def reference_tokens(self, frames: int, places: int) -> int:
        """Keys of a frame beside its own, for a video of `frames` frames with `places` tokens each."""
        return frames

    def infusing(self, layers: int) -> list[int]:
        """The layers, from 1, whose attention reads reference tokens."""
        return infusing(self.layers_infuse, layers)
