"""Repeated bipartite soft matching, the paper's choice."""

from __future__ import annotations

from typing import Literal

from tcclip.params.kinds.summarizer._summarizer import Summarizer
from tcclip.params.numbers import Count


class Settings(Summarizer):
    """Matching in rounds."""

    kind: Literal["bipartite"] = "bipartite"
    r: Count = 100  # tokens removed by one matching round, at most
