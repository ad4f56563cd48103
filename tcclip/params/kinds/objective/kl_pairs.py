"""Matching of the videos of a step with their texts, both ways (methods.md 1.4, 3.2 and 3.9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from tcclip.params.kinds.axis import Kind
from tcclip.params.numbers import Count, Positive

if TYPE_CHECKING:
    from tcclip.params.method import Method


class Settings(Kind):
    """Every video against the text of each video that it is matched with, and every text against each video."""

    SECTION: ClassVar[str] = "recipe.objective"
    kind: Literal["kl_pairs"] = "kl_pairs"
    truth_scale: Positive = 10.0  # the target of a pair is softmax(truth_scale * 1), of two classes softmax(0)
    directions: Literal["mean", "sum"] = "mean"  # of the loss of the videos and that of the texts
    # Videos that are matched with each other; a step of more has the mean of several losses. null: all of a step
    videos: Count | None = None
    # What features send is divided by it, and what logit_scale gets is not: so gathering does in that many of the
    # authors' processes, whose gradients are averaged (systems/ost.md, fact 4). 1: the gradient of the loss
    divided_by: Count = 1

    def check(self, method: Method) -> None:
        """A pair's text is the same for all videos that it is compared with."""
        if method.look.kind != "none":
            raise ValueError(
                f"recipe.objective.kind 'kl_pairs' does not go with look.kind '{method.look.kind}': texts that look at "
                "one video are not compared with the others of its step; set look: none"
            )
