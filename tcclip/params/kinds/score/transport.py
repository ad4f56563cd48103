"""Frames are matched with a class's descriptors by optimal transport (OST; methods.md 3.9, systems/ost.md 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from tcclip.params.kinds.score._score import Score
from tcclip.params.numbers import Count, Positive

if TYPE_CHECKING:
    from tcclip.params.method import Method


class Settings(Score):
    """Sinkhorn's plan between the frames of a video and the descriptors of a class, and what it moves."""

    OF_FRAMES: ClassVar[bool] = True
    kind: Literal["transport"] = "transport"
    temperature: Positive = 0.1  # of the kernel exp((cosine - 1) / temperature)
    iterations: Count = 100  # of Sinkhorn at most
    tolerance: Positive = 0.01  # it stops where the scaling of the frames changes by less, on average
    # What the average is over: all pairs of a video and a class that are scored at once, so that each depends on the
    # others (systems/ost.md, fact 1) | one pair, so that a score is its own whatever else is in its batch
    stop: Literal["call", "pair"] = "call"

    @property
    def of_batch(self) -> bool:
        """All pairs that are scored at once are stopped together."""
        return self.stop == "call"

    def check(self, method: Method) -> None:
        """It reads all frames, and all descriptors of every class."""
        super().check(method)
        if method.text.kind != "descriptors":
            raise ValueError(
                f"score.kind 'transport' does not go with text.kind '{method.text.kind}': it matches frames with "
                "descriptors: set text: descriptors"
            )
        if method.look.kind != "none":
            raise ValueError(
                f"score.kind 'transport' does not go with look.kind '{method.look.kind}': descriptors of a class "
                "are the same for all videos: set look: none"
            )
