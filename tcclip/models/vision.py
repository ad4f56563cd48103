"""CLIP's vision tower for videos, with temporal contextualization (paper, section 3.2; methods.md 3.11 and 4)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from tcclip.models.layers import ContextRecipe, LayerOutput, last_layer, layer
from tcclip.models.reference import Reference
from tcclip.models.transformer import LayerNorm, Transformer
from tcclip.params.architecture import BackboneConfig


@dataclass(frozen=True)
class FrameExchange:
    """How frames see each other; layers are counted from 0."""

    infuse: frozenset[int] = frozenset()  # the layers that read reference tokens
    frames: Reference | None = None  # takes reference tokens from the frames; None: they are context tokens
    summarise: frozenset[int] = frozenset()  # the layers that make context tokens
    recipe: ContextRecipe | None = None  # how


class VisionOutput(NamedTuple):
    """Features in the joint space, not normalised."""

    frames: Tensor  # (B, T, E)
    context: Tensor | None  # (B, k, E), without gradient (Eq. 12)
    seeds: Tensor | None  # (B, T, S) int64: the seeds of the last layer that made context tokens
    group: Tensor | None  # (B, T*S) int64: the context token that each of these seeds went into


class VisionTower(nn.Module):
    """ViT of CLIP over the frames of videos. Names of the weights are CLIP's."""

    fixed_draws: Tensor | None

    def __init__(
        self,
        config: BackboneConfig,
        exchange: FrameExchange,
        joint_frames: int | None,
        fixed_draws: Tensor | None = None,
    ) -> None:
        """`joint_frames`: None for one position table for all frames, else the number of frames, each with its own.

        `fixed_draws` (layers, seeds of a video): what a stochastic summarizer reads outside of training.
        """
        super().__init__()
        width, places = config.vision_width, config.patches + 1
        self.patch_size, self.exchange, self.joint = config.patch_size, exchange, joint_frames is not None
        self.conv1 = nn.Conv2d(3, width, config.patch_size, config.patch_size, bias=False)
        self.class_embedding = nn.Parameter(torch.empty(width))
        if joint_frames is None:
            self.positional_embedding = nn.Parameter(torch.empty(places, width))
        else:
            self.positional_embedding_joint = nn.Parameter(torch.empty(joint_frames, places, width))
        self.ln_pre = LayerNorm(width)
        self.transformer = Transformer(width, config.vision_heads, config.vision_layers)
        self.ln_post = LayerNorm(width)
        self.proj = nn.Parameter(torch.empty(width, config.embed_dim))
        self.register_buffer("fixed_draws", fixed_draws, persistent=False)
        self.checkpoint = False  # in training, compute each layer again on the way back instead of keeping its insides

    def forward(
        self, video: Tensor, biases: Sequence[Tensor | None], want_context: bool, draws: Tensor | None = None
    ) -> VisionOutput:
        """Video (B, T, 3, H, W) -> features; biases: per layer (heads, 2) or None; want_context: somebody reads it.

        draws (B, layers, seeds of a video), from `draw`: what is random in a training step; None: the fixed draws.
        """
        if draws is None and self.fixed_draws is not None:
            draws = self.fixed_draws.expand(len(video), -1, -1)
        tokens, context, exchange = self.embed(video), None, self.exchange
        seeds, group = None, None
        blocks = self.transformer.blocks
        for number, (block, bias) in enumerate(zip(blocks, biases, strict=True)):
            last, reads = number + 1 == len(blocks), number in exchange.infuse
            makes = number in exchange.summarise and (want_context or not last)
            run: Callable[..., LayerOutput] = last_layer if last else layer
            if self.checkpoint and torch.is_grad_enabled() and not last:
                run = partial(checkpoint, layer, use_reentrant=False, preserve_rng_state=False)
            output = run(
                block,
                tokens,
                context if reads else None,
                bias,
                exchange.recipe if makes else None,
                exchange.frames if reads else None,
                None if draws is None else draws[:, number],
            )
            tokens, context = output.tokens, output.context
            if makes:
                seeds, group = output.seeds, output.group
        return self.project(output, seeds, group)

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
        positions = self.positional_embedding_joint if self.joint else self.positional_embedding
        embedded: Tensor = self.ln_pre(torch.cat([first, tokens], dim=2) + positions)
        return embedded

    def project(self, output: LayerOutput, seeds: Tensor | None = None, group: Tensor | None = None) -> VisionOutput:
        """The last layer's output in the joint space, with the latest decisions."""
        frames = self.ln_post(output.tokens[:, :, 0]) @ self.proj
        if output.context is None:
            return VisionOutput(frames, None, seeds, group)
        with torch.no_grad():
            return VisionOutput(frames, self.ln_post(output.context) @ self.proj, seeds, group)
