"""CLIP's vision tower for videos, with temporal contextualization (paper, section 3.2; methods.md 3.11)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from tcclip.models.attention import attend, bias_per_key, with_reference
from tcclip.models.config import BackboneConfig
from tcclip.models.matching import Summary
from tcclip.models.selection import cls_score, softmax_logits, top_seeds
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

    def forward(self, video: Tensor, biases: Sequence[Tensor | None], want_context: bool) -> VisionOutput:
        """Video (B, T, 3, H, W) -> features. `biases`: per layer (heads, 2) or None. `want_context`: someone reads it."""
        tokens, context = self.embed(video), None
        *blocks, last = self.transformer.resblocks
        for block, bias in zip(blocks, biases, strict=False):
            output = layer(block, tokens, context, bias, self.recipe)
            tokens, context = output.tokens, output.context
        output = last_layer(last, tokens, context, biases[-1], self.recipe if want_context else None)
        return self.project(output)

    def embed(self, video: Tensor) -> Tensor:
        """Video (B, T, 3, H, W) -> tokens (B, T, 1+N, D) before the first block."""
        size = self.patch_size
        # (B, T, 3, H, W) -> (B, T, N, 3*P*P): a convolution whose stride is its kernel is a linear map of patches
        patches = video.unflatten(-1, (-1, size)).unflatten(-3, (-1, size))
        patches = patches.permute(0, 1, 3, 5, 2, 4, 6).flatten(4).flatten(2, 3)
        tokens = nn.functional.linear(patches, self.conv1.weight.flatten(1))
        first = self.class_embedding.to(tokens.dtype).expand(*tokens.shape[:2], 1, -1)
        positions = self.positional_embedding_joint if self.joint else self.positional_embedding
        return self.ln_pre(torch.cat([first, tokens], dim=2) + positions)

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
    patches = tokens.shape[2] - 1
    query, key, value = block.attn.qkv(block.ln_1(tokens))  # (B, T, 1+N, heads, d)
    key, value, key_bias = _with_context(block, key, value, context, bias)
    tokens = tokens + block.attn.out_proj(attend(query, key, value, key_bias))
    if recipe is None:
        return LayerOutput(block.feed_forward(tokens), None, None, None, None)
    score = recipe.score(query, key, key_bias, patches)
    seeds = top_seeds(score, recipe.seeds)
    summary = recipe.summarise(_gather_seeds(tokens, seeds).flatten(1, 2))
    # one feed-forward for the frames' tokens and the context tokens: (B, T*(1+N) + k, D)
    rows = block.feed_forward(torch.cat([tokens.flatten(1, 2), summary.context], dim=1))
    own, fresh = rows.split([tokens.shape[1] * tokens.shape[2], summary.context.shape[1]], dim=1)
    return LayerOutput(own.unflatten(1, tokens.shape[1:3]), fresh, score, seeds, summary.group)


def last_layer(
    block: Block, tokens: Tensor, context: Tensor | None, bias: Tensor | None, recipe: ContextRecipe | None
) -> LayerOutput:
    """As `layer`, without what nobody reads: of the tokens only [CLS], of the patches only the seeds, without gradient."""
    patches = tokens.shape[2] - 1
    first = tokens[:, :, :1]
    normed = block.ln_1(tokens)
    query = block.attn.query(normed[:, :, :1])  # (B, T, 1, heads, d)
    key, value = block.attn.key_value(normed)
    key, value, key_bias = _with_context(block, key, value, context, bias)
    # one query row per frame: its attention map is small, and selection reads it too
    logits = torch.einsum("bthd,btkhd->bthk", query[:, :, 0], key)
    attention = softmax_logits(logits, key_bias, query.shape[-1])  # (B, T, heads, K)
    mixed = torch.einsum("bthk,btkhd->bthd", attention.to(value.dtype), value)
    first = block.feed_forward(first + block.attn.out_proj(mixed.flatten(2)[:, :, None]))
    if recipe is None:
        return LayerOutput(first, None, None, None, None)
    with torch.no_grad():
        score = cls_score(attention, patches)
        seeds = top_seeds(score, recipe.seeds)
        query = block.attn.query(_gather_seeds(normed, seeds))
        chosen = _gather_seeds(tokens, seeds) + block.attn.out_proj(attend(query, key, value, key_bias))
        summary = recipe.summarise(chosen.flatten(1, 2))
        return LayerOutput(first, block.feed_forward(summary.context), score, seeds, summary.group)


def _with_context(
    block: Block, key: Tensor, value: Tensor, context: Tensor | None, bias: Tensor | None
) -> tuple[Tensor, Tensor, Tensor | None]:
    """Each frame's keys and values with those of the context tokens (Eq. 8), and the bias of every key (Eq. 9)."""
    if context is None:
        return key, value, None
    key_context, value_context = block.attn.key_value(block.ln_1(context))
    key_bias = bias_per_key(bias, key.shape[2], context.shape[1])
    return with_reference(key, key_context), with_reference(value, value_context), key_bias


def _gather_seeds(tokens: Tensor, seeds: Tensor) -> Tensor:
    """Patches (B, T, S) of tokens (B, T, 1+N, D), where [CLS] is in front: (B, T, S, D)."""
    return tokens.gather(2, (seeds + 1)[..., None].expand(-1, -1, -1, tokens.shape[-1]))
