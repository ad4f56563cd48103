"""Transformer blocks over the frames and the mean of their output, nothing added to it (methods.md 3.3)."""

from __future__ import annotations

from tcclip.models.initial_values import constant, drawn, normal, uniform_by_inputs, xavier_uniform
from tcclip.models.pool.frame_transformer import frame_transformer
from tcclip.models.pool.pooling import Pool
from tcclip.params.architecture import BackboneConfig
from tcclip.params.kinds.pool.temporal import Settings

START = drawn(
    {
        "in_proj_weight": xavier_uniform,
        "in_proj_bias": constant(0),
        "out_proj.weight": uniform_by_inputs,
        "out_proj.bias": constant(0),
        "mlp.c_fc.weight": uniform_by_inputs,
        "mlp.c_fc.bias": uniform_by_inputs,
        "mlp.c_proj.weight": uniform_by_inputs,
        "mlp.c_proj.bias": uniform_by_inputs,
        "positional_embedding": normal(0.01),
    }
)  # systems/a5.md, section 1: a framework's own, not CLIP's


def make(settings: Settings, config: BackboneConfig, frames: int) -> Pool:
    """The blocks, with one position for each of the frames."""
    return frame_transformer(
        "temporal", START, width=config.embed_dim, blocks=settings.blocks, length=frames, residual=False
    )
