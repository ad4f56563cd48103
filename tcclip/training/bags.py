"""The bag of texts of a training video: its class's text with a word of the class or of the video behind it.

Facts named here are those of docs/spec/systems/maxi.md; the rule is in its section 2.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def union(name: str, class_words: Sequence[str], video_words: Sequence[str]) -> list[str]:
    """The words of a video of class `name`, without repeats and without the name itself (fact 1: before drawing)."""
    return [word for word in dict.fromkeys([*class_words, *video_words]) if word != name]


def drawn(words: Sequence[str], size: int, rng: np.random.Generator) -> list[str | None]:
    """`size` of the words: each as often as all fit, and others of them once more; None is the class's text alone."""
    if not words:
        return [None] * size
    whole, more = divmod(size, len(words))
    return [*(list(words) * whole), *(words[place] for place in rng.permutation(len(words))[:more].tolist())]
