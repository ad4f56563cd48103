"""The finished text features look at the last layer's patches: video-specific prompts (X-CLIP)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from tcclip.params.kinds.look._look import Look, Seen
from tcclip.params.numbers import Count

if TYPE_CHECKING:
    from tcclip.params.method import Method


class Settings(Look):
    """X-CLIP's video-specific prompting."""

    kind: Literal["patches"] = "patches"
    layers: Count = 2  # in which the texts look at the patches, averaged over frames
    alpha: float = 0.1  # first value of the learned weight, one for each dimension, of what a text has seen

    @property
    def looks_at(self) -> Seen:
        """The features of a video that its texts depend on."""
        return "patches"

    def check(self, method: Method) -> None:
        """The texts are finished before they look."""
        if method.text.learns:
            raise ValueError(
                "look 'patches' is at finished texts, and the prompt vectors of text.kind 'coop' have no look of their "
                "own then: choose text.kind name or template"
            )
