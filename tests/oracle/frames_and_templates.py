"""What Open-VCLIP adds around the towers, written out (methods.md 3.7; docs/spec/systems/open_vclip.md)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

Weights = Mapping[str, Tensor]


def normed(row: Tensor) -> Tensor:
    """A row (E,) of length 1."""
    return row / row.square().sum().sqrt()


def class_text(sentences: Sequence[Tensor]) -> Tensor:
    """Features (E,) of the sentences of one class -> the class's."""
    total = torch.zeros_like(sentences[0])
    for sentence in sentences:
        total = total + normed(sentence)
    return normed(total / len(sentences))


def logit(frames: Sequence[Tensor], text: Tensor, scale: Tensor) -> Tensor:
    """Frames (E,) of one video and the text (E,) of one class."""
    total = torch.zeros((), dtype=text.dtype)
    for frame in frames:
        total = total + scale * (normed(frame) * normed(text)).sum()
    return total / len(frames)


def gradients(
    loss: Callable[[Weights], Tensor], weights: Weights, clip: Weights, share: float, factor: float
) -> tuple[float, dict[str, Tensor]]:
    """The sum of the loss at the weights and of the factor times that at the interpolated ones, and what is added up.

    The second gradient is with respect to the interpolated weights: it has no factor 1 - share.
    """
    total, added = 0.0, {name: torch.zeros_like(weight) for name, weight in weights.items()}
    for part, of_loss in ((0.0, 1.0), (share, factor)):
        there = {name: (part * clip[name] + (1 - part) * weight).detach() for name, weight in weights.items()}
        leaves = {name: weight.requires_grad_() for name, weight in there.items()}
        found = of_loss * loss(leaves)
        total += float(found.detach())
        for name, gradient in zip(leaves, torch.autograd.grad(found, list(leaves.values())), strict=True):
            added[name] = added[name] + gradient
    return total, added
