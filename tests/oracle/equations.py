"""The paper's equations, written out: one video at a time, one text at a time, explicit softmax, loops.

Nothing here is fast and nothing is shared with tcclip.models but the names of the weights. `w` maps canonical names to
tensors; letters as in the paper: T frames, N patches, D width, S seeds of a frame, k context tokens.
"""

from __future__ import annotations

import torch
from parts import Weights, attention, feed_forward, norm
from selecting import seeds_of
from sizes import Exchange, Sizes
from summarising import members_of, summarise
from text_tower import looked_at, text
from torch import Tensor


def logits(
    w: Weights,
    sizes: Sizes,
    video: Tensor,
    texts: list[list[int]],
    exchange: Exchange,
    mode: str,
    n_ctx: int,
    draws: Tensor | None = None,
) -> Tensor:
    """Video (T, 3, H, W) and token ids -> C logits; `mode` and `n_ctx` are text.*, draws (layers, T*S)."""
    frames, context = vision(w, sizes, video, exchange, draws)
    v = torch.stack(frames).mean(0)
    seen = looked_at(mode, frames, context)
    features = [text(w, sizes, ids, seen, mode, n_ctx) for ids in texts]
    wide = torch.promote_types(v.dtype, torch.float32)  # cosines and logits are never in half precision
    scores = [_cosine(v.to(wide), c.to(wide)) for c in features]
    return w["logit_scale"].exp() * torch.stack(scores)


def _cosine(a: Tensor, b: Tensor) -> Tensor:
    """Of two rows, without a product that autocast would take in half precision."""
    return (a / a.norm() * (b / b.norm())).sum()


def vision(
    w: Weights, sizes: Sizes, video: Tensor, exchange: Exchange, draws: Tensor | None
) -> tuple[list[Tensor], Tensor | None]:
    """Video (T, 3, H, W) -> T frame features (E,) and the projected context tokens (k, E) of the last layer."""
    frames = [tokens(w, sizes, frame, t) for t, frame in enumerate(video)]
    context: Tensor | None = None
    for layer in range(1, sizes.vision_layers + 1):
        noise = None if draws is None else draws[layer - 1]
        frames, context = _layer(w, sizes, layer, frames, context, exchange, noise)

    def project(x: Tensor) -> Tensor:
        return norm(w, "visual.ln_post", x) @ w["visual.proj"]

    return [project(frame[0]) for frame in frames], None if context is None else project(context)


def tokens(w: Weights, sizes: Sizes, frame: Tensor, t: int) -> Tensor:
    """Eq. 1: [CLS] and patch embeddings with positions, (1+N, D)."""
    rows = [w["visual.class_embedding"]]
    size = sizes.patch
    for y in range(0, frame.shape[1], size):
        for x in range(0, frame.shape[2], size):
            rows.append((w["visual.conv1.weight"] * frame[:, y : y + size, x : x + size]).sum(dim=(1, 2, 3)))
    joint = "visual.positional_embedding_joint"
    positions = w[joint][t] if joint in w else w["visual.positional_embedding"]
    return norm(w, "visual.ln_pre", torch.stack(rows) + positions)


def _layer(
    w: Weights,
    sizes: Sizes,
    layer: int,
    frames: list[Tensor],
    context: Tensor | None,
    exchange: Exchange,
    draws: Tensor | None,
) -> tuple[list[Tensor], Tensor | None]:
    """Eq. 5-10: attention with reference tokens, selection, summarisation, feed-forward of everything."""
    block = f"visual.transformer.resblocks.{layer - 1}"
    normed = [norm(w, f"{block}.ln_1", frame) for frame in frames]
    reads = layer in exchange.infuse
    makes = exchange.context if layer in exchange.summarise else None
    attended, maps_of_frames = [], []
    for t, own in enumerate(normed):
        extra: list[Tensor] = []
        zeros = 0
        if reads and exchange.ref == "context" and context is not None:
            extra = list(norm(w, f"{block}.ln_1", context))
        elif reads:
            extra, zeros = _reference(normed, t, exchange)
        keys = torch.stack([*own, *extra])
        bias = None
        if reads and exchange.bias:
            local, other = w[f"tc.{layer - 1}.local_global_bias"].unbind(dim=1)
            bias = torch.stack([local] * len(own) + [other] * (len(extra) + zeros), dim=1)  # (heads, keys)
        out, maps = attention(w, f"{block}.attn", sizes.vision_heads, own, keys, bias, zeros=zeros)
        attended.append(frames[t] + out)
        maps_of_frames.append(maps)
    outputs = [feed_forward(w, block, x) for x in attended]
    if makes is None:
        return outputs, None
    seeds, weights = [], []
    for t, own in enumerate(normed):
        chosen, weight = seeds_of(w, block, makes, attended[t], own, maps_of_frames, t)
        seeds += chosen
        weights += weight
    made = feed_forward(w, block, torch.stack(summarise(makes, seeds, weights, draws)))
    if "tc.time_embedding" in w:  # beyond the paper: each token's mean of its seeds' frames' codes
        each = len(seeds) // len(frames)
        groups = members_of(makes, seeds, weights)
        made = made + torch.stack(
            [torch.stack([100 * w["tc.time_embedding"][i // each] for i in group]).mean(0) for group in groups]
        )
    return outputs, made


def _reference(normed: list[Tensor], t: int, exchange: Exchange) -> tuple[list[Tensor], int]:
    """The rows that frame t sees beside its own (methods.md 4), and how many zero keys and values."""
    if exchange.ref == "cls":
        return [frame[0] for frame in normed], 0
    if exchange.ref == "all":
        return [row for s, frame in enumerate(normed) if s != t for row in frame], 0
    extra: list[Tensor] = []
    zeros = 0
    for neighbour in (t - 1, t + 1):
        if 0 <= neighbour < len(normed):
            extra += list(normed[neighbour])
        elif exchange.edge == "replicate":
            extra += list(normed[t])
        elif exchange.edge == "zero":
            zeros += len(normed[t])
    return extra, zeros
