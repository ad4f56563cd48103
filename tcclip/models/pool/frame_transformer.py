"""Pre-norm transformer blocks over the frames of a video, with a position table: what several pools have in common.

z = u + P, P the rows of the table; z <- z + MHSA(LN1 z), z <- z + MLP(LN2 z) in every block, all frames seeing all; the
video is the mean over frames of z, or of z + u where the pool is residual (methods.md 3.2 to 3.4).
"""

from __future__ import annotations

from functools import partial
from typing import cast

import torch
from torch import Tensor, nn

from tcclip.errors import UserError
from tcclip.models.attention import attend_among
from tcclip.models.initial_values import Start
from tcclip.models.part import Part
from tcclip.models.pool.pooling import Pool
from tcclip.models.transformer import EPS, Block, heads_of


def frame_transformer(
    prefix: str,
    start: Start,
    *,
    width: int,
    blocks: int,
    length: int,
    residual: bool,
    eps: float = EPS,
    shorter: bool = False,
) -> Pool:
    """A pool of `blocks` blocks whose weights are below `prefix` and start as `start` says.

    width: E; length: rows of the position table; residual: the blocks' output is added to their input; eps: of their
    layer norms; shorter: a video of fewer frames than rows takes the first ones, else it is refused.
    """
    part = Part("pool", prefix, partial(FrameTransformer, width, blocks, length, eps, shorter), start, new_rate=True)
    return Pool(partial(pooled, residual=residual), part)


def pooled(frames: Tensor, own: nn.Module | None, residual: bool) -> Tensor:
    """Frames (B, T, E) -> videos (B, E)."""
    assert own is not None
    integrated: Tensor = own(frames)  # (B, T, E)
    return (integrated + frames if residual else integrated).mean(dim=1)


class FrameTransformer(nn.Module):
    """The blocks and their position table."""

    def __init__(self, width: int, blocks: int, length: int, eps: float, shorter: bool) -> None:
        super().__init__()
        self.shorter = shorter
        self.positional_embedding = nn.Parameter(torch.empty(length, width))
        self.resblocks = nn.ModuleList(Block(width, heads_of(width), eps) for _ in range(blocks))

    def forward(self, frames: Tensor) -> Tensor:
        """Frames (B, T, E) -> the last block's output (B, T, E); T that the table is not made for is a UserError."""
        count, rows = frames.shape[1], len(self.positional_embedding)
        if count > rows or (count < rows and not self.shorter):
            raise UserError(
                f"the model's positions of frames are for videos of {rows} frames and this one has {count}: build it "
                f"for {count} frames (`frames` of the protocol); weights trained with {rows} do not fit then"
            )
        states = frames + self.positional_embedding[:count]
        for block in self.resblocks:
            states = _block(cast(Block, block), states)
        return states


def _block(block: Block, states: Tensor) -> Tensor:
    return block.feed_forward(states + attend_among(block.attn, block.ln_1(states)))
