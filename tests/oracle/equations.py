"""The paper's equations, written out: one video at a time, one text at a time, explicit softmax, loops in the matching.

Nothing here is fast and nothing is shared with tcclip.models but the names of the weights. `weights` maps canonical
names to tensors; letters as in the paper: T frames, N patches, D width, S seeds of a frame, k context tokens.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

Weights = Mapping[str, Tensor]


@dataclass(frozen=True)
class Sizes:
    """What the weights' shapes do not tell."""

    patch: int
    vision_heads: int
    text_heads: int
    vision_layers: int
    text_layers: int


@dataclass(frozen=True)
class Context:
    """Temporal contextualization; None in its place: frames do not see each other."""

    alpha: float
    k: int
    r: int
    bias: bool


def logits(
    w: Weights, sizes: Sizes, video: Tensor, texts: list[list[int]], tc: Context | None, prompting: bool
) -> Tensor:
    """Video (T, 3, H, W) and token ids -> C logits."""
    frames, context = vision(w, sizes, video, tc)
    v = torch.stack(frames).mean(0)
    seen = context.detach() if prompting and context is not None else None
    scores = [torch.dot(v / v.norm(), c / c.norm()) for c in (text(w, sizes, ids, seen) for ids in texts)]
    return w["logit_scale"].exp() * torch.stack(scores)


# --- vision ----------------------------------------------------------------------------------------------------


def vision(w: Weights, sizes: Sizes, video: Tensor, tc: Context | None) -> tuple[list[Tensor], Tensor | None]:
    """Video (T, 3, H, W) -> T frame features (E,) and the projected context tokens (k, E) of the last layer."""
    frames = [_tokens(w, sizes, frame, t) for t, frame in enumerate(video)]
    context: Tensor | None = None
    for number in range(sizes.vision_layers):
        frames, context = _vision_layer(w, sizes, number, frames, context, tc)

    def project(x: Tensor) -> Tensor:
        return norm(w, "visual.ln_post", x) @ w["visual.proj"]

    return [project(frame[0]) for frame in frames], None if context is None else project(context)


def _tokens(w: Weights, sizes: Sizes, frame: Tensor, t: int) -> Tensor:
    """Eq. 1: [CLS] and patch embeddings with positions, (1+N, D)."""
    rows = [w["visual.class_embedding"]]
    size = sizes.patch
    for y in range(0, frame.shape[1], size):
        for x in range(0, frame.shape[2], size):
            rows.append((w["visual.conv1.weight"] * frame[:, y : y + size, x : x + size]).sum(dim=(1, 2, 3)))
    joint = "visual.positional_embedding_joint"
    positions = w[joint][t] if joint in w else w["visual.positional_embedding"]
    return norm(w, "visual.ln_pre", torch.stack(rows) + positions)


def _vision_layer(
    w: Weights, sizes: Sizes, number: int, frames: list[Tensor], context: Tensor | None, tc: Context | None
) -> tuple[list[Tensor], Tensor | None]:
    """Eq. 5-10: attention with context tokens, selection, summarisation, feed-forward of everything."""
    block = f"visual.transformer.resblocks.{number}"
    attended, seeds = [], []
    for frame in frames:
        own = norm(w, f"{block}.ln_1", frame)
        keys = own if context is None else torch.cat([own, norm(w, f"{block}.ln_1", context)])
        bias = None
        if context is not None and tc is not None and tc.bias:
            local, extra = w[f"tc.{number}.local_global_bias"].unbind(dim=1)
            bias = torch.stack([local] * len(own) + [extra] * len(context), dim=1)  # (heads, keys)
        out, maps = attention(w, f"{block}.attn", sizes.vision_heads, own, keys, bias)
        x = frame + out
        attended.append(x)
        if tc is not None:
            score = torch.stack([head[0, 1 : len(own)] for head in maps]).mean(0)  # [CLS] row of the final softmax
            ranked = sorted(range(len(score)), key=lambda i, score=score: -score[i].item())
            seeds += [x[1 + i] for i in ranked[: math.floor(tc.alpha * len(score))]]
    if tc is None:
        return [feed_forward(w, block, x) for x in attended], None
    merged = matching(seeds, tc.k, tc.r)
    return [feed_forward(w, block, x) for x in attended], feed_forward(w, block, torch.stack(merged))


def matching(seeds: list[Tensor], k: int, r: int) -> list[Tensor]:
    """Bipartite soft matching in rounds (methods.md 7.5): (token, size) pairs, running averages weighted by size."""
    tokens: list[tuple[Tensor, int]] = [(seed, 1) for seed in seeds]
    while len(tokens) > k:
        even, odd = tokens[0::2], tokens[1::2]
        removed = min(r, len(tokens) - k, len(tokens) // 2)
        proposals = []
        for place, (a, _) in enumerate(even):
            cosines = [(torch.dot(a, b) / (a.norm() * b.norm())).item() for b, _ in odd]
            best = max(range(len(odd)), key=cosines.__getitem__)
            proposals.append((cosines[best], place, best))
        proposals.sort(key=lambda proposal: -proposal[0])
        for _, place, best in proposals[:removed]:
            (a, size_a), (b, size_b) = even[place], odd[best]
            odd[best] = ((size_a * a + size_b * b) / (size_a + size_b), size_a + size_b)
        tokens = [even[place] for _, place, _ in proposals[removed:]] + odd
    return [token for token, _ in tokens]


# --- text ----------------------------------------------------------------------------------------------------


def text(w: Weights, sizes: Sizes, ids: list[int], context: Tensor | None) -> Tensor:
    """Token ids -> text feature (E,); with the context tokens (k, E) of a video, prompts are conditioned on it."""
    x = w["token_embedding.weight"][torch.tensor(ids)]
    count = len(w["vp.prompt_vectors"]) if context is not None else 0
    if context is not None:
        x = torch.cat([x[:1], w["vp.prompt_vectors"], x[1 + count :]])
    x = x + w["positional_embedding"][: len(ids)]
    for number in range(sizes.text_layers):
        if context is not None and number == sizes.text_layers - 1:
            x = torch.cat([x[:1], prompting(w, sizes, x[1 : 1 + count], context), x[1 + count :]])
        block = f"transformer.resblocks.{number}"
        own = norm(w, f"{block}.ln_1", x)
        x = x + attention(w, f"{block}.attn", sizes.text_heads, own, own, causal=True)[0]
        x = feed_forward(w, block, x)
    end = ids.index(max(ids))
    return norm(w, "ln_final", x)[end] @ w["text_projection"]


def prompting(w: Weights, sizes: Sizes, prompts: Tensor, context: Tensor) -> Tensor:
    """Eq. 12: cross-attention of the prompts (n, W) to the context tokens (k, E), then a feed-forward."""
    query, key = norm(w, "vp.ln_prompt", prompts), norm(w, "vp.ln_context", context)
    x = prompts + attention(w, "vp.cross_attn", sizes.text_heads, query, key)[0]
    return x + mlp(w, "vp.ffn", norm(w, "vp.ln_ffn", x))


# --- parts ----------------------------------------------------------------------------------------------------


def attention(
    w: Weights, name: str, heads: int, queries: Tensor, keys: Tensor, bias: Tensor | None = None, causal: bool = False
) -> tuple[Tensor, list[Tensor]]:
    """Multi-head attention of rows (Q, D) to rows (K, D); also the map (Q, K) of every head."""
    width = queries.shape[-1]
    weight, shift = w[f"{name}.in_proj_weight"], w[f"{name}.in_proj_bias"]
    q = queries @ weight[:width].T + shift[:width]
    k = keys @ weight[width : 2 * width].T + shift[width : 2 * width]
    v = keys @ weight[2 * width :].T + shift[2 * width :]
    size = width // heads
    outputs, maps = [], []
    for head in range(heads):
        part = slice(head * size, (head + 1) * size)
        scores = q[:, part] @ k[:, part].T / math.sqrt(size)
        if bias is not None:
            scores = scores + bias[head]
        if causal:
            scores = scores.masked_fill(torch.ones_like(scores).triu(1).bool(), -math.inf)
        maps.append(torch.softmax(scores, dim=-1))
        outputs.append(maps[-1] @ v[:, part])
    return torch.cat(outputs, dim=1) @ w[f"{name}.out_proj.weight"].T + w[f"{name}.out_proj.bias"], maps


def norm(w: Weights, name: str, x: Tensor) -> Tensor:
    """Layer norm with eps 1e-5."""
    centred = x - x.mean(dim=-1, keepdim=True)
    scale = (centred.square().mean(dim=-1, keepdim=True) + 1e-5).sqrt()
    return centred / scale * w[f"{name}.weight"] + w[f"{name}.bias"]


def mlp(w: Weights, name: str, x: Tensor) -> Tensor:
    """Two linear maps with QuickGELU between them."""
    hidden = x @ w[f"{name}.c_fc.weight"].T + w[f"{name}.c_fc.bias"]
    hidden = hidden * torch.sigmoid(1.702 * hidden)
    return hidden @ w[f"{name}.c_proj.weight"].T + w[f"{name}.c_proj.bias"]


def feed_forward(w: Weights, block: str, x: Tensor) -> Tensor:
    """x + MLP(LN2 x)."""
    return x + mlp(w, f"{block}.mlp", norm(w, f"{block}.ln_2", x))
