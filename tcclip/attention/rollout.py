"""From the attention of all layers to shares of patches: what [CLS] of each frame is made of.

Three readings, which differ in what a layer passes on of attention A (T, Q, K) beside the token itself:

* rollout (Abnar and Zuidema, 2020): (A + I) / 2 with rows normalised, A fused over heads;
* one layer: A alone, rows normalised, of that layer;
* relevance of a class (Chefer et al., 2021): I + the positive part of A times its gradient, mean over heads.

Layers are multiplied from the last to the first as shares of tokens (R, T*M+1), so that no matrix over all pairs of
tokens arises. Keys that are no tokens of the frame are led back to those that they are made of (`origins`). The feed-
forward of a layer works token by token, and moves no share.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from tcclip.attention.maps import Heads, fused, relevant
from tcclip.attention.origins import Origins, lead_back, origins_of
from tcclip.attention.record import Layer, Recorded
from tcclip.errors import UserError
from tcclip.models.precision import single
from tcclip.models.recording import Heard

# A layer's attention -> what a token keeps of itself (T, Q), and what it has of its keys (T, Q, K)
Mix = Callable[[Heard], tuple[Tensor, Tensor]]


class Shares(NamedTuple):
    """What [CLS] of R frames is made of; each of them sums to one over everything."""

    patches: Tensor  # (R, T, N) patches of all frames
    cls: Tensor  # (R, T) their [CLS] tokens
    rest: Tensor  # (R,) what no token of the video stands for

    def of_video(self) -> Shares:
        """The mean over frames, as the video's feature is one; R is 1."""
        patches, cls, rest = (part.mean(dim=0, keepdim=True) for part in self)
        return Shares(patches, cls, rest)


def rollout(recorded: Recorded, heads: Heads = "max") -> Shares:
    """Attention rollout over all layers, of [CLS] of every frame after the last one (R = T)."""

    return _shares(_through(recorded, recorded.layers, partial(_residual, heads=heads)), recorded)


def of_layer(recorded: Recorded, number: int, heads: Heads = "max") -> Shares:
    """The [CLS] attention of one layer, counted from 1, of every frame (R = T), led back to the tokens it gets."""
    if not 1 <= number <= len(recorded.layers):
        raise UserError(f"layer must be 1 to {len(recorded.layers)} for this model (got {number})")

    def mix(heard: Heard) -> tuple[Tensor, Tensor]:
        attention = fused(heard, heads)
        attention = attention / attention.sum(dim=-1, keepdim=True)
        return torch.zeros_like(attention[..., 0]), attention

    chosen = recorded.layers[number - 1 : number]
    return _shares(_through(recorded, chosen, mix, among=partial(_residual, heads=heads)), recorded)


def relevance(recorded: Recorded, label: int) -> Shares:
    """What speaks for class `label`, of [CLS] of every frame (R = T), of a pass that was recorded with its graph."""
    heard = [part for layer in recorded.layers for part in layer.heard if part.output.requires_grad]
    outputs = [part.output for part in heard]
    found = torch.autograd.grad(recorded.logits[label], outputs, retain_graph=True, allow_unused=True)
    gradients = {id(part): gradient for part, gradient in zip(heard, found, strict=True)}

    def mix(part: Heard) -> tuple[Tensor, Tensor]:
        attention = relevant(part, gradients.get(id(part)))
        return torch.ones_like(attention[..., 0]), attention

    shares = _through(recorded, recorded.layers, mix)
    shares = shares - _start(recorded)  # a frame's [CLS] at the start is no finding
    total = shares.sum()
    return _shares(shares / total.clamp_min(torch.finfo(total.dtype).tiny) * recorded.frames, recorded)


def _residual(heard: Heard, heads: Heads) -> tuple[Tensor, Tensor]:
    """(A + I) / 2 with rows normalised; the factor goes with it."""
    attention = fused(heard, heads)
    total = attention.sum(dim=-1) + 1
    return 1 / total, attention / total[..., None]


def _through(recorded: Recorded, layers: list[Layer], mix: Mix, among: Mix | None = None) -> Tensor:
    """Shares of tokens and the rest, (T, T*M+1), in [CLS] of every frame, from after `layers` to before them.

    among: the mix of tokens that are made of the frames' [CLS] tokens, if it is another one.
    """
    frames, places = recorded.frames, recorded.places
    shares = _start(recorded)
    for layer in reversed(layers):
        keeps, attends = mix(layer.attention)
        queries = keeps.shape[1]
        tokens = shares[:, :-1].view(frames, frames, places)[:, :, :queries]  # (R, T, Q)
        by_key = torch.einsum("rtq,tqk->rtk", tokens, attends)
        back = lead_back(by_key, _origins(recorded, layer, among or mix), frames * places)
        back[:, :-1].view(frames, frames, places)[:, :, :queries] += tokens * keeps
        back[:, -1] += shares[:, -1]
        shares = back
    return shares


def _origins(recorded: Recorded, layer: Layer, mix: Mix) -> Origins:
    """What the layer's keys are made of; new tokens keep of themselves what tokens do."""

    def among(of: Layer) -> Tensor:
        assert of.among is not None  # the kind attends among its frames
        keeps, attends = mix(of.among)  # (1, T), (1, T, T)
        return torch.diag(keeps[0]) + attends[0]

    return origins_of(recorded.exchange, layer, recorded.frames, recorded.places, among)


def _start(recorded: Recorded) -> Tensor:
    """[CLS] of every frame as a share of the tokens, (T, T*M+1)."""
    like = single(recorded.layers[0].attention.query.detach())
    start = like.new_zeros(recorded.frames, recorded.frames * recorded.places + 1)
    every = torch.arange(recorded.frames, device=like.device)
    start[every, every * recorded.places] = 1
    return start


def _shares(shares: Tensor, recorded: Recorded) -> Shares:
    tokens = shares[:, :-1].view(len(shares), recorded.frames, recorded.places)
    return Shares(tokens[..., 1:], tokens[..., 0], shares[:, -1])
