"""Matching whose means weigh merged seeds by patch saliency, after vid-TLDR."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from tcclip.params.kinds.summarizer._summarizer import Summarizer, check_one_patch
from tcclip.params.numbers import Count

if TYPE_CHECKING:
    from tcclip.params.method import Method


class Settings(Summarizer):
    """Matching in rounds."""

    kind: Literal["bipartite_saliency"] = "bipartite_saliency"
    r: Count = 100  # tokens removed by one matching round, at most
    over: Literal["frame", "video"] = "frame"  # the patches among which a saliency becomes a weight

    def check(self, method: Method) -> None:
        """A seed has one patch, whose weight it gets."""
        check_one_patch(self.kind, method)
