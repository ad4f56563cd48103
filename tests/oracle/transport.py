"""OST's score and loss written out, a pair and a number at a time (methods.md 3.9; docs/spec/systems/ost.md 2)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

Rows = Sequence[Sequence[float]]


def logits(
    videos: Sequence[Tensor], classes: Sequence[Sequence[Tensor]], scale: Tensor, by_pair: bool = False
) -> list[list[Tensor]]:
    """Videos (T, E) and, for each class, its descriptors (n, E) of each type -> a row of logits for each video."""
    found = [[torch.zeros((), dtype=scale.dtype) for _ in classes] for _ in videos]
    for kind in range(len(classes[0])):
        pairs = [(v, c) for v in range(len(videos)) for c in range(len(classes))]
        cosines = {(v, c): table(videos[v], classes[c][kind]) for v, c in pairs}
        plans: dict[tuple[int, int], list[list[float]]] = {}
        for call in [[pair] for pair in pairs] if by_pair else [pairs]:
            plans |= dict(zip(call, plan([numbers(cosines[pair]) for pair in call]), strict=True))
        for v, c in pairs:
            places = [(t, j) for t in range(len(cosines[v, c])) for j in range(len(cosines[v, c][0]))]
            moved = sum_of(plans[v, c][t][j] * cosines[v, c][t][j] for t, j in places)
            frames, texts = (mean([unit(row) for row in rows]) for rows in (videos[v], classes[c][kind]))
            found[v][c] = found[v][c] + scale * (moved + (frames * texts).sum()) / len(classes[0])
    return found


def table(frames: Tensor, texts: Tensor) -> list[list[Tensor]]:
    """The cosine of every frame with every descriptor."""
    return [[(unit(frame) * unit(text)).sum() for text in texts] for frame in frames]


def plan(call: Sequence[Rows], most: int = 100) -> list[list[list[float]]]:
    """The plans of all pairs of a call, from their cosines (T, n): they stop together."""
    kernels = [[[math.exp(-(1 - cosine) / 0.1) for cosine in row] for row in pair] for pair in call]
    a = [[1.0 for _ in kernel] for kernel in kernels]
    b = [[1.0 for _ in kernel[0]] for kernel in kernels]
    for _ in range(most):
        changes = []
        for p, kernel in enumerate(kernels):
            frames, texts = len(kernel), len(kernel[0])
            new = [1 / frames / sum(kernel[t][j] * b[p][j] for j in range(texts)) for t in range(frames)]
            b[p] = [1 / texts / sum(kernel[t][j] * new[t] for t in range(frames)) for j in range(texts)]
            changes += [abs(one - other) for one, other in zip(new, a[p], strict=True)]
            a[p] = new
        if sum(changes) / len(changes) < 0.01:
            break
    return [
        [[a[p][t] * kernel[t][j] * b[p][j] for j in range(len(kernel[0]))] for t in range(len(kernel))]
        for p, kernel in enumerate(kernels)
    ]


def loss(rows: Sequence[Sequence[Tensor]], classes: Sequence[int]) -> Tensor:
    """A logit for each video (row) and the class of each video (column) -> the sum of both directions."""
    count = len(classes)
    total = []
    for way in (lambda i, j: rows[i][j], lambda i, j: rows[j][i]):
        for i in range(count):
            weights = [math.exp(10.0 if classes[i] == classes[j] else 0.0) for j in range(count)]
            norm = torch.log(sum_of(torch.exp(way(i, j)) for j in range(count)))
            for j in range(count):
                q = weights[j] / sum(weights)
                total.append(q * (math.log(q) - (way(i, j) - norm)) / count)
    return sum_of(total)


def unit(row: Tensor) -> Tensor:
    """Of length 1."""
    return row / row.square().sum().sqrt()


def mean(rows: Sequence[Tensor]) -> Tensor:
    """Not of length 1 any more."""
    return sum_of(rows) / len(rows)


def numbers(rows: Sequence[Sequence[Tensor]]) -> list[list[float]]:
    """Without a gradient."""
    return [[one.item() for one in row] for row in rows]


def sum_of(parts: object) -> Tensor:
    """Of tensors."""
    first, *others = parts  # type: ignore[misc]
    for one in others:
        first = first + one
    return first
