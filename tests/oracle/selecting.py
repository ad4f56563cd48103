"""Seed selection of one frame written out (methods.md 6), and what a seed weighs in merging (methods.md 7.6, 7.7)."""

from __future__ import annotations

import math

import torch
from parts import Weights
from sizes import Context
from torch import Tensor


def seeds_of(
    w: Weights, block: str, tc: Context, attended: Tensor, own: Tensor, maps_of_frames: list[list[Tensor]], frame: int
) -> tuple[list[Tensor], list[float]]:
    """The seed tokens of a frame, best first, and their weights.

    attended (1+N, D): tokens after attention; own (1+N, D): the frame's rows before; maps_of_frames: (1+N, K) of every
    head, of all frames of the video.
    """
    maps = maps_of_frames[frame]
    patches, width = len(own) - 1, own.shape[1]
    size = width // len(maps)
    count = math.floor(tc.alpha * patches)
    attention = [head[0, 1:][:patches].tolist() for head in maps]

    if tc.selector.startswith("head_"):
        per_head = attention if tc.selector == "head_cls_attention" else _key_norms(w, block, own, size)
        if tc.head_wise == "slices":
            lists = [_falling(scores)[:count] for scores in per_head]
            parts = [
                [attended[1 + lists[h][r], h * size : (h + 1) * size] for h in range(len(maps))] for r in range(count)
            ]
            return [torch.cat(slices) for slices in parts], []
        order = _falling([max(scores[i] for scores in per_head) for i in range(patches)])[:count]
    elif tc.selector == "none":
        order = list(range(patches))
    elif tc.selector == "ats":
        value = _projected(w, block, own[1:], 2)
        significance = [sum(a[i] for a in attention) * value[i].norm().item() for i in range(patches)]
        order = ats(significance, count, tc.ats_doubles == "keep")
    elif tc.selector == "key_norm":
        order = _falling(_means(_key_norms(w, block, own, size)))[:count]
    elif tc.selector == "patch_saliency":
        order = _falling(_negative_entropies(maps, patches))[:count]
    else:
        order = _falling(_means(attention))[:count]

    if tc.summarizer == "bipartite_saliency":
        scores = _negative_entropies(maps, patches)
        among = scores
        if tc.saliency_over == "video":
            among = [score for other in maps_of_frames for score in _negative_entropies(other, patches)]
        weight = _saliency_weights(scores, among)
    else:
        weight = _means(attention)
    return [attended[1 + i] for i in order], [weight[i] for i in order]


def _key_norms(w: Weights, block: str, own: Tensor, size: int) -> list[list[float]]:
    """The length of every patch's key, head by head of `size` numbers."""
    return [head.norm(dim=1).tolist() for head in _projected(w, block, own[1:], 1).split(size, dim=1)]


def _projected(w: Weights, block: str, rows: Tensor, part: int) -> Tensor:
    """Keys (part 1) or values (part 2) of rows, all heads side by side."""
    weight, shift = w[f"{block}.attn.in_proj_weight"], w[f"{block}.attn.in_proj_bias"]
    width = rows.shape[1]
    here = slice(part * width, (part + 1) * width)
    return rows @ weight[here].T + shift[here]


def _falling(scores: list[float]) -> list[int]:
    """Patches by falling score."""
    return sorted(range(len(scores)), key=lambda i: -scores[i])


def _means(per_head: list[list[float]]) -> list[float]:
    """The mean over heads of every patch's score."""
    return [sum(scores) / len(per_head) for scores in zip(*per_head, strict=True)]


def _negative_entropies(maps: list[Tensor], patches: int) -> list[float]:
    """vid-TLDR's score: sum over keys of p log p, p the head mean of a patch's attention."""
    mean = sum(maps[1:], start=maps[0]) / len(maps)
    return [sum(p * math.log(p) for p in row if p > 0) for row in mean[1:][:patches].tolist()]


def _saliency_weights(scores: list[float], among: list[float]) -> list[float]:
    """vid-TLDR's weight: min-max normalised, less the mean, divided by the maximum, all `among` these; 0 if below."""
    low, high = min(among), max(among)
    mean = sum((score - low) / (high - low) for score in among) / len(among)
    largest = 1 - mean
    return [max(0.0, ((score - low) / (high - low) - mean) / largest) for score in scores]


def ats(weights: list[float], count: int, keep: bool) -> list[int]:
    """ATS: read the cumulative sum at equally spaced levels; fill doubles' places with the heaviest left, or `keep`."""
    rising = _falling(weights)[::-1]
    sums = [sum(weights[i] for i in rising[: place + 1]) / sum(weights) for place in range(len(rising))]
    sums = [(s - sums[0]) / (sums[-1] - sums[0]) for s in sums]
    start = min(s for s in sums if s > 0)
    named: list[int] = []
    for number in range(count):
        level = start + (1 - start) * number / max(1, count - 1)
        named.append(rising[min(range(len(sums)), key=lambda place, level=level: abs(sums[place] - level))])
    if keep:
        return sorted(named, key=lambda i: -weights[i])
    chosen = set(named)
    for i in _falling(weights):
        if len(chosen) < count:
            chosen.add(i)
    return sorted(chosen, key=lambda i: -weights[i])
