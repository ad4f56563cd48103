"""X-CLIP written out: one video, one frame, one class at a time (methods.md 3.4; systems/xclip.md, section 3)."""

from __future__ import annotations

import equations
import frame_transformer
import text_tower
import torch
from parts import Weights, attention, feed_forward, mlp, norm
from sizes import Sizes
from torch import Tensor


def logits(w: Weights, sizes: Sizes, video: Tensor, texts: list[list[int]], blocks: int, layers: int) -> Tensor:
    """Video (T, 3, H, W) and token ids -> C logits; blocks of the MIT, layers of the prompts; 0: the model has none."""
    embed = w["visual.proj"].shape[1]
    heads = max(embed // 64, 1)
    frames = vision(w, sizes, video)
    u = torch.stack([norm(w, "visual.ln_post", frame[0]) @ w["visual.proj"] for frame in frames])
    v = frame_transformer.video(w, "mit", blocks, heads, u, residual=True) if blocks else u.mean(0)
    found = []
    for ids in texts:
        c = text_tower.text(w, sizes, ids, None, "name", 0)
        if layers:
            c = c + w["prompt.alpha"] * prompt(w, c, memory(w, frames), heads, layers)
        found.append(w["logit_scale"].exp() * (v / v.norm() * (c / c.norm())).sum())
    return torch.stack(found)


def vision(w: Weights, sizes: Sizes, video: Tensor) -> list[Tensor]:
    """Video (T, 3, H, W) -> the tokens (1+N, D) of every frame after the last block."""
    frames = [equations.tokens(w, sizes, frame, t) for t, frame in enumerate(video)]
    for number in range(sizes.vision_layers):
        block = f"visual.transformer.resblocks.{number}"
        said = messages(w, f"message.{number}", sizes, frames) if f"message.{number}.proj.weight" in w else None
        after = []
        for t, frame in enumerate(frames):
            rows = frame if said is None else torch.cat([frame, said[t : t + 1]])
            normed = norm(w, f"{block}.ln_1", rows)
            attended = rows + attention(w, f"{block}.attn", sizes.vision_heads, normed, normed)[0]
            after.append(feed_forward(w, block, attended[: len(frame)]))
        frames = after
    return frames


def messages(w: Weights, name: str, sizes: Sizes, frames: list[Tensor]) -> Tensor:
    """The messages (T, D) of a layer, from what it is given."""
    sent = torch.stack([w[f"{name}.proj.weight"] @ frame[0] + w[f"{name}.proj.bias"] for frame in frames])
    normed = norm(w, f"{name}.ln", sent)
    return sent + attention(w, f"{name}.attn", sizes.vision_heads, normed, normed)[0]


def memory(w: Weights, frames: list[Tensor]) -> Tensor:
    """What the texts look at, (N, E): every frame's patches are projected, then averaged."""
    projected = [norm(w, "prompt.ln_patch", frame[1:]) @ w["prompt.patch_proj"] for frame in frames]
    return norm(w, "prompt.ln_memory", torch.stack(projected).sum(0) / len(projected))


def prompt(w: Weights, text: Tensor, seen: Tensor, heads: int, layers: int) -> Tensor:
    """A class's text (E,) after it has looked."""
    c = text[None]
    for number in range(layers):
        name = f"prompt.{number}"
        c = c + attention(w, f"{name}.cross_attn", heads, norm(w, f"{name}.ln_1", c), seen)[0]
        c = c + mlp(w, f"{name}.mlp", norm(w, f"{name}.ln_2", c))
    return c[0]
