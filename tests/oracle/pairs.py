"""What ActionCLIP minimises and how it tests, written out (methods.md 1.4 and 3.2)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor


def loss(videos: Sequence[Tensor], texts: Sequence[Tensor], classes: Sequence[int], scale: Tensor) -> Tensor:
    """Videos and texts (E,), one text for each video, and their classes -> the mean of both directions."""
    count = len(classes)
    total = torch.zeros((), dtype=videos[0].dtype)
    for first, second in ((videos, texts), (texts, videos)):
        for i in range(count):
            logits = [scale * cosine(first[i], second[j]) for j in range(count)]
            norm = torch.log(sum((torch.exp(one) for one in logits), torch.zeros(())))
            weights = [math.exp(10.0 if classes[i] == classes[j] else 0.0) for j in range(count)]
            for j in range(count):
                q = weights[j] / sum(weights)
                total = total + q * (math.log(q) - (logits[j] - norm)) / count
    return total / 2


def probabilities(video: Tensor, texts: Sequence[Sequence[Tensor]], scale: float) -> Tensor:
    """A video (E,) and the texts of all classes in each template -> (C,), the mean over templates."""
    total = torch.zeros(len(texts[0]), dtype=video.dtype)
    for of_template in texts:
        weights = torch.stack([torch.exp(scale * cosine(video, text)) for text in of_template])
        total = total + weights / weights.sum() / len(texts)
    return total


def cosine(one: Tensor, other: Tensor) -> Tensor:
    """Of two vectors."""
    return (one * other).sum() / (one.square().sum().sqrt() * other.square().sum().sqrt())
