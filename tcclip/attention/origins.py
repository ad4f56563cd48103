"""What the keys of a layer are made of, so that attention to any of them can be led back to tokens of frames.

Tokens are those that the layer gets: T frames of M = 1+N, numbered frame by frame; number T*M is the rest, which is
made of no token of the video: learned vectors and keys of zeros.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from tcclip.attention.record import Layer
from tcclip.models.vision.context_in_time import TimedExchange
from tcclip.models.vision.exchange import FrameExchange
from tcclip.models.vision.messages import MessageExchange
from tcclip.models.vision.prompts import PromptExchange
from tcclip.models.vision.reference import Reference

Among = Callable[[Layer], Tensor]  # what new tokens have of the frames' [CLS] tokens, (T, T): row t of frame t's


class Origins(NamedTuple):
    """The keys of every frame, or of all of them at once (F = T or 1): some are tokens, those after them are made."""

    tokens: Tensor  # (F, K') int64: the token that each key is
    made: Tensor | None = None  # (F, K-K', T*M+1): shares of tokens in each further key


def lead_back(shares: Tensor, origins: Origins, tokens: int) -> Tensor:
    """Shares (R, T, K) of the frames' keys -> shares of `tokens` tokens and the rest, (R, tokens+1); sums stay."""
    rows, frames, _ = shares.shape
    known = origins.tokens.shape[1]
    places = origins.tokens.expand(frames, -1).flatten()
    back = shares.new_zeros(rows, tokens + 1)
    back.index_add_(1, places, shares[..., :known].flatten(1))
    if origins.made is not None:
        made = origins.made.to(shares).expand(frames, -1, -1)
        back += torch.einsum("rtk,tkn->rn", shares[..., known:], made)
    return back


@functools.singledispatch
def origins_of(exchange: object, layer: Layer, frames: int, places: int, among: Among) -> Origins:
    """The keys of a layer of `exchange`; of a kind that is not known here, what is not the frame's own is the rest."""
    del exchange, among
    own, device = own_tokens(frames, places), layer.attention.key.device
    more = layer.attention.key.shape[2] - places
    rest = torch.zeros(frames, more, frames * places + 1)
    rest[..., -1] = 1
    return Origins(own.to(device), rest.to(device) if more else None)


@origins_of.register
def _(exchange: FrameExchange, layer: Layer, frames: int, places: int, among: Among) -> Origins:
    """Tokens of other frames; or context tokens, which are led back to the patches that they are means of."""
    device = layer.attention.key.device
    if layer.read is not None:
        return Origins(own_tokens(frames, places).to(device), layer.read.made_of(places)[None])
    if exchange.frames is None or layer.number not in exchange.infuse:
        return Origins(own_tokens(frames, places).to(device))
    return Origins(taken(exchange.frames, frames, places).to(device))


@origins_of.register
def _(exchange: TimedExchange, layer: Layer, frames: int, places: int, among: Among) -> Origins:
    """As without a time code, which is a shift and no token."""
    return origins_of(exchange.untimed, layer, frames, places, among)


@origins_of.register
def _(exchange: MessageExchange, layer: Layer, frames: int, places: int, among: Among) -> Origins:
    """A frame's message is made of the [CLS] tokens of all frames."""
    device = layer.attention.key.device
    return Origins(own_tokens(frames, places).to(device), of_cls(among(layer), frames, places)[:, None])


@origins_of.register
def _(exchange: PromptExchange, layer: Layer, frames: int, places: int, among: Among) -> Origins:
    """The summary is made of all [CLS] tokens, a local prompt of its frame's; global ones are learned: the rest."""
    settings, device = exchange.settings, layer.attention.key.device
    shared = []  # what all frames see, (1, ..., T*M+1)
    if settings.local:
        shared.append(of_cls(torch.eye(frames, device=device), frames, places)[None])
    if settings.n_global:
        nothing = torch.zeros(1, settings.n_global, frames * places + 1, device=device)
        nothing[..., -1] = 1
        shared.append(nothing)
    made = [part.expand(frames, -1, -1) for part in shared]
    if settings.summary:
        summary = of_cls(among(layer), frames, places)[:, None]
        made = [summary, *made] if layer.attention.query.shape[2] == 1 else [*made, summary]  # as they lie in memory
    return Origins(own_tokens(frames, places).to(device), torch.cat(made, dim=1))


def own_tokens(frames: int, places: int) -> Tensor:
    """The numbers of each frame's tokens, (T, M)."""
    return torch.arange(frames * places).view(frames, places)


def of_cls(shares: Tensor, frames: int, places: int) -> Tensor:
    """Shares (n, T) of the frames' [CLS] tokens as shares of all tokens and the rest, (n, T*M+1)."""
    spread = shares.new_zeros(len(shares), frames * places + 1)
    spread[:, :-1:places] = shares
    return spread


def taken(reference: Reference, frames: int, places: int) -> Tensor:
    """The tokens that a frame's keys are, (T or 1, K): a kind's own way to take them, shown their numbers as keys."""
    numbers = (1 + own_tokens(frames, places)).double()[None, ..., None, None]  # (1, T, M, 1, 1), 0 is no token
    seen = reference(numbers, numbers, numbers, None).key[0, ..., 0, 0].long()
    return torch.where(seen == 0, frames * places, seen - 1)
