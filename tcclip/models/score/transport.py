"""Frames matched with a class's descriptors by optimal transport (OST; methods.md 3.9, docs/spec/systems/ost.md 2).

For frames f_t and descriptors e_j of one class and type, all of length 1, P is the plan that moves 1/T from every frame
and 1/n to every descriptor, where <f_t, e_j> is large: Sinkhorn's, a constant for the gradient. The score of a type is
sum_tj P_tj <f_t, e_j> + <mean_t f_t, mean_j e_j>, and a logit is the scale times the mean over the two types.

A call is everything that is scored at once: all pairs of a loss in training, and in a test the views of one forward
pass (machine.eval_batch) with all classes. The authors stop Sinkhorn by a mean over it, each type on its own.
"""

from __future__ import annotations

from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from tcclip.models.score.scoring import Score
from tcclip.params.kinds.score.transport import Settings


def make(settings: Settings) -> Score:
    """The score with the settings' way to a plan."""
    return partial(transport, settings=settings)


def transport(frames: Tensor, texts: Tensor, scale: Tensor, settings: Settings) -> Tensor:
    """Frames (B, T, E) and descriptors (C, 2, n, E), neither normalised, -> logits (B, C)."""
    frames, texts = F.normalize(frames, dim=-1), F.normalize(texts, dim=-1)
    types = [of_type(frames, descriptors, settings) for descriptors in texts.unbind(1)]
    return scale * torch.stack(types).mean(dim=0)


def of_type(frames: Tensor, descriptors: Tensor, settings: Settings) -> Tensor:
    """The score (B, C) of frames (B, T, E) and descriptors (C, n, E) of one type, all of length 1."""
    cosines = cosines_of(frames, descriptors)
    moved = (plan_of(cosines, settings) * cosines).sum(dim=(-2, -1))
    return moved + frames.mean(dim=1) @ descriptors.mean(dim=1).T  # these means are shorter than 1, and stay so


def cosines_of(frames: Tensor, descriptors: Tensor) -> Tensor:
    """<f_t, e_j> (B, C, T, n) of frames (B, T, E) and descriptors (C, n, E)."""
    return torch.einsum("bte,cne->bctn", frames, descriptors)


def plan_of(cosines: Tensor, settings: Settings) -> Tensor:
    """The plan P (B, C, T, n), a constant."""
    found: Tensor = _plan(
        cosines.detach(), settings.temperature, settings.tolerance, settings.iterations, settings.stop == "pair"
    )
    return found


# How many iterations there are depends on the numbers: a compiled graph takes the operation as a whole.
@torch.library.custom_op(
    "tcclip::transport_plan",
    mutates_args=(),
    schema="(Tensor cosines, float temperature, float tolerance, int iterations, bool by_pair) -> Tensor",
)
def _plan(cosines: Tensor, temperature: float, tolerance: float, iterations: int, by_pair: bool) -> Tensor:
    return sinkhorn(cosines, temperature, tolerance, iterations, by_pair)[0]


@_plan.register_fake
def _shape_of_plan(cosines: Tensor, temperature: float, tolerance: float, iterations: int, by_pair: bool) -> Tensor:
    return cosines.new_empty(cosines.shape)


@torch.no_grad()
def sinkhorn(
    cosines: Tensor, temperature: float, tolerance: float, iterations: int, by_pair: bool
) -> tuple[Tensor, list[Tensor]]:
    """Cosines (..., T, n) -> the plan (..., T, n), and the mean change of the frames' scaling after every iteration.

    With `by_pair` a pair's scalings stay as they are once its own change, (...,), is below the tolerance; without, all
    stop together, when the mean over all of them is.
    """
    kernel = ((cosines - 1) / temperature).exp().contiguous()
    count, texts = kernel.shape[-2:]
    frames_scaled, texts_scaled = (kernel.new_ones(*kernel.shape[:-2], size, 1) for size in (count, texts))
    changes: list[Tensor] = []
    going = torch.ones((), dtype=torch.bool, device=kernel.device)
    for _ in range(iterations):
        next_frames = (1 / count) / (kernel @ texts_scaled)  # (..., T, 1)
        next_texts = (1 / texts) / (kernel.mT @ next_frames)  # (..., n, 1)
        change = (next_frames - frames_scaled).abs()
        changes.append(change.mean(dim=(-2, -1)) if by_pair else change.mean())
        if by_pair:
            kept = going[..., None, None]
            next_frames, next_texts = (
                torch.where(kept, new, old) for new, old in ((next_frames, frames_scaled), (next_texts, texts_scaled))
            )
        frames_scaled, texts_scaled = next_frames, next_texts
        going = going & ~(changes[-1] < tolerance)  # what is no number goes on
        if not going.any():
            break
    return frames_scaled * kernel * texts_scaled.mT, changes
