"""CLIP's vision tower for videos, with temporal contextualization (paper, section 3.2; methods.md 3.11 and 4)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from tcclip.models.compiled import as_it_is
from tcclip.models.pos.table import PositionTable
from tcclip.models.precision import exact
from tcclip.models.transformer import LayerNorm, Transformer
from tcclip.models.vision.exchange import Exchange, Pass
from tcclip.models.vision.layers import LayerOutput
from tcclip.params.architecture import BackboneConfig
from tcclip.params.kinds.look._look import Seen


class VisionOutput(NamedTuple):
    """Features in the joint space, not normalised."""

    frames: Tensor  # (B, T, E)
    context: Tensor | None  # (B, k, E), without gradient (Eq. 12)
    patches: Tensor | None  # (B, T, N, D) as the last layer leaves them, where texts look at them
    seeds: Tensor | None  # (B, T, S) int64: the seeds of the last layer that made context tokens
    group: Tensor | None  # (B, T*S) int64: the context token that each of these seeds went into


class VisionTower(nn.Module):
    """ViT of CLIP over the frames of videos. Names of the weights are CLIP's."""

    fixed_draws: Tensor | None

    def __init__(
        self, config: BackboneConfig, exchange: Exchange, positions: PositionTable, recompute: bool = False
    ) -> None:
        """recompute: in training, compute each layer again on the way back instead of keeping its insides."""
        super().__init__()
        width = config.vision_width
        self.patch_size, self.exchange, self.recompute = config.patch_size, exchange, recompute
        self.positions, self.region = positions, as_it_is
        self.conv1 = nn.Conv2d(3, width, config.patch_size, config.patch_size, bias=False)
        self.class_embedding = nn.Parameter(torch.empty(width))
        self.register_parameter(positions.name, nn.Parameter(torch.empty(positions.shape)))
        self.ln_pre = LayerNorm(width)
        self.transformer = Transformer(width, config.vision_heads, config.vision_layers)
        self.ln_post = LayerNorm(width)
        self.proj = nn.Parameter(torch.empty(width, config.embed_dim))
        self.register_buffer("fixed_draws", exchange.fixed_draws, persistent=False)

    def forward(
        self, video: Tensor, own: nn.Module | None, looks_at: Seen | None, draws: Tensor | None = None
    ) -> VisionOutput:
        """Video (B, T, 3, H, W) -> features; own: the exchange's part; looks_at: what the texts read of them.

        draws (B, layers, seeds of a video), from `draw`: what is random in a training step; None: the fixed draws.
        """
        if draws is None and self.fixed_draws is not None:
            draws = self.fixed_draws.expand(len(video), -1, -1)
        blocks = self.transformer.blocks
        recompute = self.recompute and torch.is_grad_enabled()
        run = Pass(own, len(blocks), looks_at, draws, recompute, self.region)
        output = LayerOutput(self.embed(video))
        for number, block in enumerate(blocks):
            output = self.exchange.layer(number, block, output, run)
        return self.project(output, looks_at)

    def draw(self, rng: np.random.Generator, batch: int) -> Tensor | None:
        """New draws for a training step on `batch` videos, on the CPU; None where nothing is random."""
        if self.fixed_draws is None:
            return None
        return torch.from_numpy(rng.random((batch, *self.fixed_draws.shape), dtype=np.float32))

    def embed(self, video: Tensor) -> Tensor:
        """Video (B, T, 3, H, W) -> tokens (B, T, 1+N, D) before the first block."""
        (*_, height, width), size = video.shape, self.patch_size
        # (B, T, 3, H, W) -> (B, T, N, 3*P*P): a convolution whose stride is its kernel is a linear map of patches
        patches = video.reshape(*video.shape[:3], height // size, size, width // size, size)
        patches = patches.permute(0, 1, 3, 5, 2, 4, 6).flatten(4).flatten(2, 3)
        tokens = nn.functional.linear(patches, self.conv1.weight.flatten(1))
        first = self.class_embedding.to(tokens.dtype).expand(*tokens.shape[:2], 1, -1)
        embedded: Tensor = self.ln_pre(torch.cat([first, tokens], dim=2) + self.positions.of(self, video.shape[1]))
        return embedded

    def project(self, output: LayerOutput, looks_at: Seen | None = None) -> VisionOutput:
        """The last layer's output in the joint space, with the latest decisions, and its patches if asked for.

        Features are float32 or better: the gradients of all frames or classes nearly cancel, and what is left would be
        smaller by far than what bfloat16 rounds of each.
        """
        patches = output.tokens[:, :, 1:] if looks_at == "patches" else None
        context = None
        with exact(output.tokens):
            frames = self.ln_post(output.tokens[:, :, 0]) @ self.proj
            if output.context is not None:
                with torch.no_grad():
                    context = self.ln_post(output.context) @ self.proj
        return VisionOutput(frames, context, patches, output.seeds, output.group)
