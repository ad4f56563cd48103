"""Transformer blocks over the frames, added to the frames, and their mean: ActionCLIP's "Transf" (methods.md 3.2)."""

from __future__ import annotations

from tcclip.models.canonical import POSITIONS
from tcclip.models.initial_values import constant, drawn, normal, xavier_uniform
from tcclip.models.pool.frame_transformer import frame_transformer
from tcclip.models.pool.pooling import Pool
from tcclip.params.architecture import BackboneConfig
from tcclip.params.kinds.pool.transf import Settings

EPS = 1e-12  # of the blocks' layer norms
START = drawn(
    {
        "in_proj_weight": xavier_uniform,
        ".bias": constant(0),  # of norms too, where it is what they start with anyway
        "in_proj_bias": constant(0),
        "out_proj.weight": normal(0.02),
        "c_fc.weight": normal(0.02),
        "c_proj.weight": normal(0.02),
        "positional_embedding": normal(0.02),
    }
)  # systems/action_clip.md, 7.11


def make(settings: Settings, config: BackboneConfig, frames: int) -> Pool:
    """The blocks; a video takes the first rows of their table, which has as many as CLIP's text has positions."""
    return frame_transformer(
        "transf",
        START,
        width=config.embed_dim,
        blocks=settings.blocks,
        length=POSITIONS,
        residual=True,
        eps=EPS,
        shorter=True,
    )
