"""How MAXI draws its bags and what it minimises, written out (docs/spec/systems/maxi.md, section 2)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from pairs import cosine
from torch import Tensor


def loss(videos: Sequence[Tensor], bags: Sequence[Sequence[Tensor]], labels: Sequence[int], scale: Tensor) -> Tensor:
    """Videos (E,), a bag of texts (E,) for each, their labels: the mean over all pairs of one label of -log b_ij."""
    total, pairs = torch.zeros((), dtype=videos[0].dtype), 0
    for i, video in enumerate(videos):
        weights = [[torch.exp(scale * cosine(video, text)) for text in bag] for bag in bags]
        whole = sum((one for bag in weights for one in bag), torch.zeros((), dtype=video.dtype))
        for j, bag in enumerate(weights):
            if labels[i] == labels[j]:
                total = total - torch.log(sum(bag, torch.zeros((), dtype=video.dtype)) / whole)
                pairs += 1
    return total / pairs


def counts(words: Sequence[str], size: int) -> tuple[int, int]:
    """How often every word is in a bag of `size` at least, and how many words are there once more."""
    each = 0
    while (each + 1) * len(words) <= size:
        each += 1
    return each, size - each * len(words)
