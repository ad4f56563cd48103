"""Vita-CLIP written out: prompts are tokens of every frame's sequence, and dropped after the attention of a block.

One video at a time, one text at a time (docs/spec/systems/vita_clip.md 3).
"""

from __future__ import annotations

import torch
from parts import Weights, attention, feed_forward, norm
from sizes import Sizes
from torch import Tensor


def logits(w: Weights, sizes: Sizes, video: Tensor, texts: list[list[int]]) -> Tensor:
    """Video (T, 3, H, W) and token ids with words in the places of vectors -> C logits."""
    v = torch.stack(frame_features(w, sizes, video)).mean(0)
    features = [text(w, sizes, ids, number) for number, ids in enumerate(texts)]
    return w["logit_scale"].exp() * torch.stack([v @ c / (v.norm() * c.norm()) for c in features])


def frame_features(w: Weights, sizes: Sizes, video: Tensor) -> list[Tensor]:
    """Video (T, 3, H, W) -> T frame features (E,); what the weights lack is left out."""
    frames = [_embedded(w, sizes, frame, t) for t, frame in enumerate(video)]
    for number in range(sizes.vision_layers):
        frames = _block(w, sizes, number, frames)
    return [norm(w, "visual.ln_post", frame[0]) @ w["visual.proj"] for frame in frames]


def _embedded(w: Weights, sizes: Sizes, frame: Tensor, t: int) -> Tensor:
    """[CLS] and patch embeddings with positions in space and time, (1+N, D)."""
    rows, size = [w["visual.class_embedding"]], sizes.patch
    for y in range(0, frame.shape[1], size):
        for x in range(0, frame.shape[2], size):
            rows.append((w["visual.conv1.weight"] * frame[:, y : y + size, x : x + size]).sum(dim=(1, 2, 3)))
    embedded = [row + place for row, place in zip(rows, w["visual.positional_embedding"], strict=True)]
    if "visual.time_embedding" in w:
        embedded = [row + w["visual.time_embedding"][t] for row in embedded]
    return norm(w, "visual.ln_pre", torch.stack(embedded))


def _block(w: Weights, sizes: Sizes, number: int, frames: list[Tensor]) -> list[Tensor]:
    """Prompts from the [CLS] tokens, attention over [CLS], local, global, patches, summary; then the feed-forward."""
    block, local, summaries = f"visual.transformer.resblocks.{number}", [], []
    if f"cls_proj.{number}.weight" in w:
        weight, bias = w[f"cls_proj.{number}.weight"], w[f"cls_proj.{number}.bias"]
        queries = [weight @ frame[0] + bias for frame in frames]
        if f"local.{number}.prompts" in w:
            local = [w[f"local.{number}.prompts"][t] + query for t, query in enumerate(queries)]
        if f"summary.{number}.ln.weight" in w:
            rows = torch.stack(queries)
            normed = norm(w, f"summary.{number}.ln", rows)
            summaries = list(rows + attention(w, f"summary.{number}.attn", sizes.vision_heads, normed, normed)[0])
    shared = [*local, *(w["global_prompts"][number] if "global_prompts" in w else [])]
    outputs = []
    for t, frame in enumerate(frames):
        own = [summaries[t]] if summaries else []
        sequence = torch.stack([frame[0], *shared, *frame[1:], *own])
        normed = norm(w, f"{block}.ln_1", sequence)
        sequence = sequence + attention(w, f"{block}.attn", sizes.vision_heads, normed, normed)[0]
        patches = sequence[1 + len(shared) :][: len(frame) - 1]
        outputs.append(feed_forward(w, block, torch.cat([sequence[:1], patches])))
    return outputs


def text(w: Weights, sizes: Sizes, ids: list[int], number: int) -> Tensor:
    """The text of class `number` -> its feature (E,); its vectors are its own, or those of all classes."""
    x = w["token_embedding.weight"][torch.tensor(ids)]
    if "text_prompts" in w:
        vectors = w["text_prompts"] if w["text_prompts"].dim() == 2 else w["text_prompts"][number]
        x = torch.cat([x[:1], vectors, x[1 + len(vectors) :]])
    x = x + w["positional_embedding"][: len(ids)]
    for layer in range(sizes.text_layers):
        block = f"transformer.resblocks.{layer}"
        normed = norm(w, f"{block}.ln_1", x)
        x = x + attention(w, f"{block}.attn", sizes.text_heads, normed, normed, causal=True)[0]
        x = feed_forward(w, block, x)
    return norm(w, "ln_final", x)[-1] @ w["text_projection"]
