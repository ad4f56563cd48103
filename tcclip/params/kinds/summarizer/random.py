"""Random merge: context tokens are means of random groups of seeds."""

from __future__ import annotations

from typing import Literal

from tcclip.params.kinds.summarizer._summarizer import Summarizer
from tcclip.params.numbers import Count


class Settings(Summarizer):
    """Open choices of random merging."""

    kind: Literal["random"] = "random"
    form: Literal["groups", "pairs"] = "groups"  # groups of equal sizes | matching whose pairs are random
    r: Count = 100  # form pairs: tokens removed by one matching round, at most
