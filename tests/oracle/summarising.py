"""Summarizers written out for the seeds of one video (methods.md 7): loops, one merge at a time."""

from __future__ import annotations

import math

import torch
from sizes import Context
from torch import Tensor


def summarise(tc: Context, seeds: list[Tensor], weights: list[float], draws: Tensor | None) -> list[Tensor]:
    """The context tokens of a video's seeds; draws (T*S,), one uniform number for each, for what is random."""
    if tc.summarizer == "none" or len(seeds) <= tc.k:
        return seeds
    if tc.summarizer == "random" and tc.random_form == "pairs":
        directions = [torch.stack([(2 * math.pi * draw).cos(), (2 * math.pi * draw).sin()]) for draw in draws]
        return [_mean(seeds, members) for _, members in matching(directions, weights, tc)]
    if tc.summarizer == "random":
        order = _rising(draws)
        return [_mean(seeds, order[g :: tc.k]) for g in range(tc.k)]
    if tc.summarizer == "kmeans":
        strided = [i * len(seeds) // tc.k for i in range(tc.k)]
        first = strided if tc.start == "strided" else _rising(draws)[: tc.k]
        return kmeans(seeds, [seeds[i].detach() for i in first], tc.iterations)
    if tc.summarizer == "dpc_knn":
        return dpc_knn(seeds, tc.k, tc.neighbours, [tc.noise * draw.item() for draw in draws])
    return [token for token, _ in matching(seeds, weights, tc)]


def members_of(tc: Context, seeds: list[Tensor], weights: list[float]) -> list[list[int]]:
    """The seeds of every context token, of matching and of no merge."""
    if tc.summarizer == "none" or len(seeds) <= tc.k:
        return [[i] for i in range(len(seeds))]
    return [members for _, members in matching(seeds, weights, tc)]


def _mean(seeds: list[Tensor], members: list[int]) -> Tensor:
    return torch.stack([seeds[i] for i in members]).mean(0)


def _rising(draws: Tensor) -> list[int]:
    return sorted(range(len(draws)), key=lambda i: draws[i].item())


def kmeans(seeds: list[Tensor], centres: list[Tensor], iterations: int) -> list[Tensor]:
    """Lloyd's iterations; a cluster without members keeps its centre."""
    for _ in range(iterations):
        members: list[list[Tensor]] = [[] for _ in centres]
        for seed in seeds:
            distances = [(seed - centre).norm().item() for centre in centres]
            members[distances.index(min(distances))].append(seed)
        means = [torch.stack(m).mean(0) if m else centre.detach() for m, centre in zip(members, centres, strict=True)]
        centres = [mean.detach() for mean in means]
    return means


def dpc_knn(seeds: list[Tensor], k: int, neighbours: int, noise: list[float]) -> list[Tensor]:
    """Density peaks: centres are dense and far from anything denser, the others join their nearest centre."""
    scale = math.sqrt(len(seeds[0]))
    distance = [[(a - b).norm().item() / scale for b in seeds] for a in seeds]
    density = [
        math.exp(-sum(d * d for d in sorted(row)[:neighbours]) / neighbours) + extra
        for row, extra in zip(distance, noise, strict=True)
    ]
    furthest = max(max(row) for row in distance)
    apart = [
        min((row[j] for j in range(len(seeds)) if density[j] > density[i]), default=furthest)
        for i, row in enumerate(distance)
    ]
    centres = sorted(range(len(seeds)), key=lambda i: -density[i] * apart[i])[:k]
    members: list[list[Tensor]] = [[] for _ in centres]
    for i, seed in enumerate(seeds):
        nearest = centres.index(i) if i in centres else min(range(k), key=lambda c, i=i: distance[i][centres[c]])
        members[nearest].append(seed)
    return [torch.stack(group).mean(0) for group in members]


def matching(seeds: list[Tensor], weights: list[float], tc: Context) -> list[tuple[Tensor, list[int]]]:
    """Bipartite soft matching in rounds: tokens (value, size, gain, members), running averages weighted by size.

    With attention weights the sizes start at a / mean(a); with saliency weights what is merged counts `gain` times.
    """
    size, gain = [1.0] * len(seeds), [1.0] * len(seeds)
    if tc.summarizer == "bipartite_attention":
        size = [weight / (sum(weights) / len(weights)) for weight in weights]
    if tc.summarizer == "bipartite_saliency":
        gain = weights
    tokens = [(seed, size[i], gain[i], [i]) for i, seed in enumerate(seeds)]
    while len(tokens) > tc.k:
        even, odd = tokens[0::2], tokens[1::2]
        removed = min(tc.r, len(tokens) - tc.k, len(tokens) // 2)
        ours, theirs = (torch.stack([token / token.norm() for token, *_ in half]) for half in (even, odd))
        cosines = (ours @ theirs.T).tolist()
        best_of = [max(range(len(odd)), key=row.__getitem__) for row in cosines]
        proposals = [(cosines[place][best], place, best) for place, best in enumerate(best_of)]
        proposals.sort(key=lambda proposal: -proposal[0])
        for _, place, best in proposals[:removed]:
            (a, size_a, gain_a, members_a), (b, size_b, gain_b, members_b) = even[place], odd[best]
            brought = gain_a * size_a
            merged = (size_b * b + brought * a) / (size_b + brought)
            odd[best] = (merged, size_b + brought, gain_b, members_b + members_a)
        tokens = [even[place] for _, place, _ in proposals[removed:]] + odd
    return [(token, members) for token, _, _, members in tokens]
