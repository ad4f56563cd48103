"""CLIP's vision tower for videos, with temporal contextualization (paper, section 3.2; methods.md 3.11)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from tcclip.models.attention import attend, attend_first, bias_per_key, with_reference
from tcclip.models.config import BackboneConfig
from tcclip.models.matching import Summary
from tcclip.models.selection import top_seeds
from tcclip.models.transformer import Block, LayerNorm, Transformer


@dataclass(frozen=True)
class ContextRecipe:
    """How a layer makes its context tokens; both parts are exchangeable (Table 8)."""

    score: Callable[[Tensor, Tensor, Tensor | None, int], Tensor]  # selection.SELECTORS
    seeds: int  # of one frame
    summarise: Callable[[Tensor], Summary]  # seeds (B, T*seeds, D) -> context tokens


class LayerOutput(NamedTuple):
    """What a layer hands on, and the decisions it took (None without temporal contextualization)."""

    tokens: Tensor  # (B, T, 1+N, D); (B, T, 1, D) from the last layer, where only [CLS] is read
    context: Tensor | None  # (B, k, D)
    score: Tensor | None  # (B, T, N)
    seeds: Tensor | None  # (B, T, S) int64, patches by falling score
    group: Tensor | None  # (B, T*S) int64, the context token of each seed


class VisionOutput(NamedTuple):
    """Features in the joint space, not normalised."""

    frames: Tensor  # (B, T, E)
    context: Tensor | None  # (B, k, E), without gradient (Eq. 12)


class VisionTower(nn.Module):
    """ViT of CLIP over the frames of videos. Names of the weights are CLIP's."""

    def __init__(self, config: BackboneConfig, recipe: ContextRecipe | None, joint_frames: int | None) -> None:
        """`joint_frames`: None for one position table for all frames, else the number of frames, each with its own."""
        super().__init__()
        width, places = config.vision_width, config.patches + 1
        self.patch_size, self.recipe, self.joint = config.patch_size, recipe, joint_frames is not None
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
        self.checkpoint = False  # in training, compute each layer again on the way back instead of keeping its insides

    def forward(self, video: Tensor, biases: Sequence[Tensor | None], want_context: bool) -> VisionOutput:
        """Video (B, T, 3, H, W) -> features; biases: per layer (heads, 2) or None; want_context: somebody reads it."""
        tokens, context = self.embed(video), None
        *blocks, last = self.transformer.blocks
        for block, bias in zip(blocks, biases, strict=False):
            if self.checkpoint and torch.is_grad_enabled():
                output = checkpoint(
                    layer, block, tokens, context, bias, self.recipe, use_reentrant=False, preserve_rng_state=False
                )
            else:
                output = layer(block, tokens, context, bias, self.recipe)
            tokens, context = output.tokens, output.context
        output = last_layer(last, tokens, context, biases[-1], self.recipe if want_context else None)
        return self.project(output)

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

    def project(self, output: LayerOutput) -> VisionOutput:
        """The last layer's output in the joint space."""
        frames = self.ln_post(output.tokens[:, :, 0]) @ self.proj
        if output.context is None:
            return VisionOutput(frames, None)
        with torch.no_grad():
            return VisionOutput(frames, self.ln_post(output.context) @ self.proj)


def layer(
    block: Block, tokens: Tensor, context: Tensor | None, bias: Tensor | None, recipe: ContextRecipe | None
) -> LayerOutput:
    """One block: attention of every frame to itself and to `context` (B, k, D), new context tokens, feed-forward.

    tokens (B, T, 1+N, D); bias (heads, 2) local and global; `recipe` None: no context tokens are made.
    """
    reference, key_bias = _reference(block, tokens, context, bias)
    query, key, value = block.attn.qkv(block.ln_1(tokens))  # (B, T, 1+N, heads, d)
    key, value = _with_reference(block, key, value, reference)
    tokens = tokens + block.attn.out_proj(attend(query, key, value, key_bias))
    if recipe is None:
        return LayerOutput(block.feed_forward(tokens), None, None, None, None)
    score = recipe.score(query, key, key_bias, tokens.shape[2] - 1)
    seeds = top_seeds(score, recipe.seeds)
    summary = recipe.summarise(_gather_seeds(tokens, seeds).flatten(1, 2))
    # one feed-forward for the frames' tokens and the context tokens: (B, T*(1+N) + k, D)
    rows = block.feed_forward(torch.cat([tokens.flatten(1, 2), summary.context], dim=1))
    own = tokens.shape[1] * tokens.shape[2]
    return LayerOutput(rows[:, :own].view(tokens.shape), rows[:, own:], score, seeds, summary.group)


def last_layer(
    block: Block, tokens: Tensor, context: Tensor | None, bias: Tensor | None, recipe: ContextRecipe | None
) -> LayerOutput:
    """As `layer`, less what nobody reads: of the tokens only [CLS], of the patches the seeds, without gradient."""
    reference, key_bias = _reference(block, tokens, context, bias)
    normed = block.ln_1(tokens)
    first = tokens[:, :, 0] + block.attn.out_proj(attend_first(block.attn, normed, reference, key_bias))
    first = block.feed_forward(first)[:, :, None]
    if recipe is None:
        return LayerOutput(first, None, None, None, None)
    with torch.no_grad():
        query = block.attn.query(normed[:, :, :1])
        key, value = block.attn.key_value(normed)
        key, value = _with_reference(block, key, value, reference)
        score = recipe.score(query, key, key_bias, tokens.shape[2] - 1)
        seeds = top_seeds(score, recipe.seeds)
        query = block.attn.query(_gather_seeds(normed, seeds))
        chosen = _gather_seeds(tokens, seeds) + block.attn.out_proj(attend(query, key, value, key_bias))
        summary = recipe.summarise(chosen.flatten(1, 2))
        return LayerOutput(first, block.feed_forward(summary.context), score, seeds, summary.group)


def _reference(
    block: Block, tokens: Tensor, context: Tensor | None, bias: Tensor | None
) -> tuple[Tensor | None, Tensor | None]:
    """The context tokens as the block's attention reads them, and the bias (heads, 1+N+k) of every key (Eq. 9)."""
    if context is None:
        return None, None
    return block.ln_1(context), bias_per_key(bias, tokens.shape[2], context.shape[1])


def _with_reference(block: Block, key: Tensor, value: Tensor, reference: Tensor | None) -> tuple[Tensor, Tensor]:
    """Each frame's keys and values (B, T, 1+N, heads, d), followed by those of the context tokens (Eq. 8)."""
    if reference is None:
        return key, value
    key_reference, value_reference = block.attn.key_value(reference)
    return with_reference(key, key_reference), with_reference(value, value_reference)


def _gather_seeds(tokens: Tensor, seeds: Tensor) -> Tensor:
    """Patches (B, T, S) of tokens (B, T, 1+N, D), where [CLS] is in front: (B, T, S, D)."""
    return tokens.gather(2, (seeds + 1)[..., None].expand(-1, -1, -1, tokens.shape[-1]))
