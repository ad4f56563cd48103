"""Matching whose means weigh seeds by [CLS] attention."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from tcclip.params.kinds.summarizer._summarizer import Summarizer, check_one_patch
from tcclip.params.numbers import Count

if TYPE_CHECKING:
    from tcclip.params.method import Method


class Settings(Summarizer):
    """Matching in rounds."""

    kind: Literal["bipartite_attention"] = "bipartite_attention"
    r: Count = 100  # tokens removed by one matching round, at most

    def check(self, method: Method) -> None:
        """A seed has one patch, whose weight it gets."""
        check_one_patch(self.kind, method)
