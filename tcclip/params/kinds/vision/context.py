"""Every frame also sees the context tokens: k summaries of all frames, made anew by every layer (paper, 3.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from tcclip.errors import UserError
from tcclip.params.kinds.axis import Kind
from tcclip.params.kinds.vision._layers import Infusing, Summarising, check_range, infusing

if TYPE_CHECKING:
    from tcclip.params.method import Method


class Settings(Kind):
    """Reference tokens: the context tokens of the layer before; the section `tc` says how they are made."""

    SECTION: ClassVar[str] = "vision"
    kind: Literal["context"] = "context"
    bias: bool = False  # learnable local/global attention bias in the layers that read context tokens (Table 9a)
    layers_infuse: Infusing = "all"  # layers that read context tokens; they exist from layer 2 on
    layers_summarise: Summarising = "all"  # layers that make context tokens: all whose tokens are read, and the last

    def check(self, method: Method) -> None:
        """The section `tc` is there."""
        if method.tc is None:
            raise ValueError("vision.kind 'context' needs the section tc")

    def infusing(self, layers: int) -> list[int]:
        """The layers, from 1, whose attention reads context tokens."""
        return infusing(self.layers_infuse, layers, first=2)

    def summarising(self, layers: int) -> list[int]:
        """The layers, from 1, that make context tokens for the next layer (and the last one for the text side)."""
        if self.layers_summarise == "all":
            return sorted({number - 1 for number in self.infusing(layers)} - {0} | {layers})
        return list(self.layers_summarise)

    def check_layers(self, method: Method, layers: int) -> None:
        """The backbone has the layers, and each that reads context tokens gets some."""
        infuse, summarise = self.infusing(layers), self.summarising(layers)
        check_range(method.name, self.kind, "layers_infuse", self.layers_infuse, infuse, layers)
        check_range(method.name, self.kind, "layers_summarise", self.layers_summarise, summarise, layers)
        unfed = [number for number in infuse if number - 1 not in summarise]
        if unfed:
            raise UserError(
                f"method {method.name}: vision.layers_infuse has layer {unfed[0]}, but layer {unfed[0] - 1} is not in "
                "vision.layers_summarise; context tokens last for one layer, so name the layer before"
            )
