"""What FROSTER minimises, written out: one frame, one sentence, one class at a time (systems/froster.md 2 and 4)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import equations
import text_tower
import torch
from parts import Weights
from sizes import Exchange, Sizes
from torch import Tensor

Sentences = Sequence[Sequence[list[int]]]  # of every class, the token ids of each


def loss(
    w: Weights,
    clip: Weights,
    sizes: Sizes,
    videos: Tensor,
    labels: Sequence[int],
    texts: Sentences,
    weight: float,
    share: float,
) -> Tensor:
    """Videos (B, T, 3, H, W) with labels -> cross entropy and `weight` times both distances from a CLIP's features."""
    classes = [class_feature(w, sizes, sentences) for sentences in texts]
    window = Exchange("adjacent", infuse=tuple(range(1, sizes.vision_layers + 1)))
    entropy, apart = [], []
    for video, label in zip(videos, labels, strict=True):
        frames, _ = equations.vision(w, sizes, video, window, None)
        theirs, _ = equations.vision(clip, sizes, video, Exchange(), None)
        logits = torch.stack([score(w, frames, c) for c in classes])
        entropy.append(torch.log(torch.exp(logits).sum()) - logits[label])
        for own, wanted in zip(frames, theirs, strict=True):
            apart.append(1 - cosine(projected(w, "visual", own / own.norm(), share), wanted))
    of_texts = []
    for own, sentences in zip(classes, texts, strict=True):
        of_texts.append(1 - cosine(projected(w, "text", own, share), class_feature(clip, sizes, sentences)))
    return mean(entropy) + weight * (mean(apart) + mean(of_texts))


def class_feature(w: Weights, sizes: Sizes, sentences: Sequence[list[int]]) -> Tensor:
    """A class's feature (E,), of length 1: the mean of those of its sentences."""
    each = [text_tower.text(w, sizes, ids, None, "name", 0) for ids in sentences]
    middle = mean([feature / feature.norm() for feature in each])
    return middle / middle.norm()


def score(w: Weights, frames: Sequence[Tensor], text: Tensor) -> Tensor:
    """A video's logit for a class: the mean of its frames'."""
    return mean([w["logit_scale"].exp() * cosine(frame, text) for frame in frames])


def projected(w: Weights, side: str, feature: Tensor, share: float) -> Tensor:
    """A feature (E,) of length 1, and a share of what two linear maps make of it; GELU by the error function."""
    hidden = w[f"projector.{side}.fc1.weight"] @ feature
    hidden = hidden * (1 + torch.erf(hidden / math.sqrt(2))) / 2
    return feature + share * (w[f"projector.{side}.fc2.weight"] @ hidden)


def cosine(one: Tensor, other: Tensor) -> Tensor:
    """Of two vectors."""
    return (one * other).sum() / (one.square().sum().sqrt() * other.square().sum().sqrt())


def mean(values: Sequence[Tensor]) -> Tensor:
    """Of equal shares."""
    return torch.stack(list(values)).sum(dim=0) / len(values)
