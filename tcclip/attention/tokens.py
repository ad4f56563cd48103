"""The context tokens of a clip (paper, Fig. 6): the patches of each, and the frames that it joins."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tcclip.attention.opened_run import Clip, Opened, seen_by
from tcclip.attention.record import Recorded
from tcclip.errors import UserError

Token = int | Literal["auto"]


class ContextTokens(NamedTuple):
    """What k context tokens are made of."""

    name: str  # the run's
    clip: Clip
    shares: NDArray[np.float32]  # (k, T, N), of every patch in each token; sums of a token are one
    layer: int  # from 1, that made them

    @property
    def owner(self) -> NDArray[np.int64]:
        """The token that has most of each patch, (T, N); -1 where the patch is no seed."""
        found: NDArray[np.int64] = np.where(self.shares.max(axis=0) > 0, self.shares.argmax(axis=0), -1)
        return found

    @property
    def seeds(self) -> NDArray[np.bool_]:
        """The patches that are seeds, (T, N)."""
        return np.asarray(self.shares.any(axis=0))

    def frames_of(self, token: int) -> list[int]:
        """The frames of the clip, from 0, that have a patch of a token."""
        found: list[int] = np.flatnonzero(self.shares[token].any(axis=1)).tolist()
        return found

    def chosen(self, token: Token) -> int:
        """A token by its number, or the one that joins most frames, of those the one of most patches."""
        if token == "auto":
            joined = self.shares.any(axis=2).sum(axis=1), self.shares.astype(bool).sum(axis=(1, 2))
            return int(np.lexsort((-joined[1], -joined[0]))[0])
        if isinstance(token, str) or not 0 <= token < len(self.shares):
            raise UserError(f"token must be auto or 0 to {len(self.shares) - 1} (got {token})")
        return token


def context_tokens(opened: Opened, clip: Clip, layer: int | None = None) -> ContextTokens:
    """The context tokens of a clip, the last ones or those that `layer` (from 1) makes; UserError if it makes none."""
    return tokens_of(seen_by(opened, clip), opened.name, clip, layer)


def tokens_of(recorded: Recorded, name: str, clip: Clip, layer: int | None = None) -> ContextTokens:
    """The context tokens of a recorded pass."""
    making = {each.number + 1: each.made for each in recorded.layers if each.made is not None}
    if not making:
        raise UserError(f"run {name} has no context tokens: no layer of its method makes any (vision.kind)")
    number = max(making) if layer is None else layer
    if number not in making:
        raise UserError(
            f"layer {number} of run {name} makes no context tokens: layers {', '.join(map(str, making))} do"
        )
    shares = making[number].made_of(recorded.places)[:, :-1].view(-1, recorded.frames, recorded.places)
    return ContextTokens(name, clip, shares[..., 1:].cpu().numpy().astype(np.float32), number)
