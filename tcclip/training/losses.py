"""Losses (methods.md 1.4)."""

from __future__ import annotations

import torch
from torch import Tensor

from tcclip.models.precision import single


def smooth_targets(labels: Tensor, classes: int, smoothing: float) -> Tensor:
    """Smoothed one-hot rows: 1 - e + e/C for the label, e/C elsewhere. labels (B,) -> (B, C) float32."""
    off = smoothing / classes
    targets = torch.full((len(labels), classes), off, device=labels.device)
    return targets.scatter_(1, labels[:, None], 1 - smoothing + off)  # (B, C)


def soft_ce(logits: Tensor, targets: Tensor) -> Tensor:
    """mean_b(-sum_c targets_bc log softmax(logits_b)_c), both (B, C); computed in float32 or better."""
    logits = single(logits)
    return -(targets * logits.log_softmax(dim=-1)).sum(dim=-1).mean()


def pair_targets(labels: Tensor, sharpness: float) -> Tensor:
    """softmax(sharpness * G) of G_ij = 1 where videos i and j have one class, else 0: labels (A,) -> (A, A) float64.

    With m videos of a class each of them gets e^10 / (m e^10 + A - m) at sharpness 10, a little less than 1/m.
    """
    alike = (labels[:, None] == labels[None, :]).double()
    return (sharpness * alike).softmax(dim=-1)


def kl(targets: Tensor, logits: Tensor) -> Tensor:
    """mean_i sum_j q_ij (log q_ij - log softmax(S_i)_j) of targets q and logits S, both (A, A); float32 or better."""
    logits = single(logits)
    targets = targets.to(logits.dtype)
    return (targets * (targets.log() - logits.log_softmax(dim=-1))).sum(dim=-1).mean()


def bag_scores(logits: Tensor) -> Tensor:
    """log b_ij of the bag j of video i: its texts' share of softmax over all texts, (B, B*M) -> (B, B).

    As a difference of logsumexps, because b itself may be too small for a number; float32 or better.
    """
    logits = single(logits)
    count = len(logits)
    return logits.view(count, count, -1).logsumexp(dim=-1) - logits.logsumexp(dim=-1, keepdim=True)


def mil_nce(scores: Tensor, labels: Tensor) -> Tensor:
    """The mean of -log b_ij over all pairs (i, j) of one label, i = j among them: scores (B, B), labels (B,).

    As MAXI is released; its paper has the logarithm of a video's sum over j, which is the same unless labels repeat
    (docs/spec/systems/maxi.md, facts 2 and 3).
    """
    alike = labels[:, None] == labels[None, :]
    return -scores.where(alike, 0).sum() / alike.sum()
