"""What the context tokens of a layer are made of: which patches, and how much of each."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from tcclip.models.summarizer.groups import Summary
from tcclip.models.summarizer.summary import Summarise


class Membership(NamedTuple):
    """The context tokens that one layer makes of a video with T frames of M = 1+N tokens."""

    seeds: Tensor  # (T, S) int64 patches of each frame, best first; (T, S, heads) with head-wise slices
    group: Tensor  # (T*S,) int64, the context token of each seed
    share: Tensor  # (T*S,), of the seed in its token's mean
    k: int

    def made_of(self, places: int) -> Tensor:
        """Shares of the tokens of all frames in each context token, and of the rest, (k, T*M+1); rows sum to one.

        The rest is what no seed stands for: a cluster that has lost all of its members keeps its earlier centre. With
        head-wise slices, a seed stands for the patches of its heads in equal parts.
        """
        frames, seeds = self.seeds.shape[:2]
        patches = self.seeds.reshape(frames, seeds, -1)  # (T, S, 1 or heads)
        tokens = torch.arange(frames, device=patches.device)[:, None, None] * places + 1 + patches
        into = self.group[:, None].expand(-1, patches.shape[2]) * (frames * places + 1) + tokens.flatten(0, 1)
        each = (self.share / patches.shape[2])[:, None].expand_as(into)
        flat = each.new_zeros(self.k * (frames * places + 1)).index_add(0, into.flatten(), each.flatten())
        made = flat.view(self.k, -1)
        made[:, -1] = (1 - made.sum(dim=1)).clamp_min(0)
        return made


def share_of_seeds(summarise: Summarise, seeds: Tensor, weight: Tensor | None, draws: Tensor | None) -> Tensor:
    """What each of the seeds (B, n, D) counts in the mean of its group, (B, n), whatever the summarizer.

    A context token is a weighted mean of its seeds and every seed is in one token, so that the derivative of the sum
    of all tokens by a seed is its weight.
    """
    with torch.enable_grad():
        rows = seeds.detach().clone().requires_grad_()
        summary: Summary = summarise(rows, weight, draws)
        (by_seed,) = torch.autograd.grad(summary.context[..., 0].sum(), rows)
    return by_seed[..., 0].float()
