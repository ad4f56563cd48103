"""Multi-frame integration: transformer blocks over the frames, added to the frames, and their mean (methods.md 3.4)."""

from __future__ import annotations

from tcclip.models.initial_values import constant, drawn, normal, xavier_uniform
from tcclip.models.pool.frame_transformer import frame_transformer
from tcclip.models.pool.pooling import Pool
from tcclip.params.architecture import BackboneConfig
from tcclip.params.kinds.pool.mit import Settings

START = drawn(
    {
        "in_proj_weight": xavier_uniform,
        "out_proj.weight": normal(0.02),
        "mlp.c_fc.weight": normal(0.02),
        "mlp.c_proj.weight": normal(0.02),
        "positional_embedding": normal(0.02),
        "in_proj_bias": constant(0),
        "out_proj.bias": constant(0),
        "mlp.c_fc.bias": constant(0),
        "mlp.c_proj.bias": constant(0),
    }
)  # systems/xclip.md, fact 4


def make(settings: Settings, config: BackboneConfig, frames: int) -> Pool:
    """The blocks, with one position for each of the frames."""
    return frame_transformer("mit", START, width=config.embed_dim, blocks=settings.blocks, length=frames, residual=True)
