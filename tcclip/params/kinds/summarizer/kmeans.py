"""K-means: context tokens are the means of clusters of seeds by Lloyd's iterations."""

from __future__ import annotations

from typing import Literal

from tcclip.params.kinds.summarizer._summarizer import Summarizer
from tcclip.params.numbers import Count


class Settings(Summarizer):
    """Open choices of K-means."""

    kind: Literal["kmeans"] = "kmeans"
    start: Literal["random", "strided"] = "random"  # first centres: seeds without replacement | every n/k-th seed
    iterations: Count = 10  # Lloyd's steps
