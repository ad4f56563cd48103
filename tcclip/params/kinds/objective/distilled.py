"""Cross entropy, and features that stay near a frozen CLIP's behind residual projectors (FROSTER; methods.md 3.10)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from tcclip.params.kinds.axis import Kind
from tcclip.params.kinds.objective.soft_ce import Mixup
from tcclip.params.numbers import Positive, Probability

if TYPE_CHECKING:
    from tcclip.params.method import Method


class Settings(Kind):
    """The projectors are trained with the model, and no test has them."""

    SECTION: ClassVar[str] = "recipe.objective"
    kind: Literal["distilled"] = "distilled"
    label_smoothing: Probability = 0.0  # share of the target that all classes have together
    mixup: Mixup | None = None  # mixing of videos, which the teacher sees mixed too; null: none
    distill_weight: Annotated[float, Field(ge=0)] = 2.0  # of the two distances from the teacher, of frames and of texts
    residual: Positive = 0.1  # share of what a projector adds to a feature

    def check(self, method: Method) -> None:
        """The teacher reads the same texts, and they are the same for all videos."""
        if method.look.kind != "none":
            raise ValueError(
                f"recipe.objective.kind 'distilled' does not go with look.kind '{method.look.kind}': a frozen CLIP has "
                "no texts that look at a video; set look: none"
            )
        if method.text.learns or method.text.beside:
            raise ValueError(
                f"recipe.objective.kind 'distilled' does not go with text.kind '{method.text.kind}': a frozen CLIP has "
                "no learned vectors among its texts; set a text without them"
            )
