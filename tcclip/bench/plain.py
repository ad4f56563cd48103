"""TC-CLIP as one would write it down first: correct, batched over frames and classes, and nothing saved.

Attention maps are kept, every layer is computed in full, and the text tower runs over all classes for each video, with
prompts in front of each name and padding behind it. It is what the savings in tcclip.models are measured against.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from tcclip.models import BackboneConfig
from tcclip.models.precision import single
from tcclip.models.score.cosine import cosine
from tcclip.models.summarizer.bipartite import bipartite
from tcclip.models.tokens import end_positions
from tcclip.params.kinds.summarizer.bipartite import Settings as Bipartite
from tcclip.params.temporal_context import TemporalContext

Weights = Mapping[str, Tensor]


def logits(w: Weights, config: BackboneConfig, tc: TemporalContext, tokens: Tensor, video: Tensor) -> Tensor:
    """Video (B, T, 3, H, W) and token ids (C, L), padded with 0, -> logits (B, C). `w`: canonical names."""
    frames, context = vision(w, config, tc, video)
    words = torch.stack([text(w, config, tokens, seen) for seen in context.detach()])  # (B, C, E)
    return cosine(single(frames).mean(dim=1), words, w["logit_scale"].exp())


def vision(w: Weights, config: BackboneConfig, tc: TemporalContext, video: Tensor) -> tuple[Tensor, Tensor]:
    """Video (B, T, 3, H, W) -> frame features (B, T, E) and context features (B, k, E)."""
    assert isinstance(tc.summarizer, Bipartite)
    batch, count = video.shape[:2]
    patches = F.conv2d(video.flatten(0, 1), w["visual.conv1.weight"], stride=config.patch_size)
    first = w["visual.class_embedding"].expand(batch * count, 1, -1)
    x = torch.cat([first, patches.flatten(2).transpose(1, 2)], dim=1) + w["visual.positional_embedding"]
    x = norm(w, "visual.ln_pre", x).view(batch, count, *x.shape[1:])  # (B, T, 1+N, D)
    context = x.new_zeros(batch, 0, x.shape[-1])
    for number in range(config.vision_layers):
        name = f"visual.transformer.resblocks.{number}"
        own = norm(w, f"{name}.ln_1", x)
        shared = norm(w, f"{name}.ln_1", context)[:, None].expand(-1, count, -1, -1)
        keys = torch.cat([own, shared], dim=2)  # (B, T, 1+N+k, D)
        table = w.get(f"tc.{number}.local_global_bias")
        bias: Tensor | float = 0.0
        if table is not None:
            is_context = torch.arange(keys.shape[2], device=x.device) >= own.shape[2]
            bias = table[:, is_context.long()][:, None]  # (heads, 1, 1+N+k)
        out, weights = attention(w, f"{name}.attn", config.vision_heads, own, keys, bias)
        x = x + out
        score = weights[..., 0, 1 : own.shape[2]].mean(dim=2)  # (B, T, N)
        seeds = score.argsort(dim=-1, descending=True, stable=True)[..., : tc.seeds(config.patches)]
        chosen = x.gather(2, (seeds + 1)[..., None].expand(-1, -1, -1, x.shape[-1])).flatten(1, 2)
        merged = bipartite(chosen, tc.k, tc.summarizer.r).context
        x, context = feed_forward(w, name, x), feed_forward(w, name, merged)

    def project(rows: Tensor) -> Tensor:
        return norm(w, "visual.ln_post", rows) @ w["visual.proj"]

    return project(x[:, :, 0]), project(context)


def text(w: Weights, config: BackboneConfig, tokens: Tensor, context: Tensor) -> Tensor:
    """All classes' features (C, E) for one video with context features (k, E)."""
    prompts, (classes, length) = w["vp.prompt_vectors"], tokens.shape
    x = F.embedding(tokens, w["token_embedding.weight"])
    x = torch.cat([x[:, :1], prompts.expand(classes, -1, -1), x[:, 1 + len(prompts) :]], dim=1)
    x = x + w["positional_embedding"][:length]
    causal = torch.full((length, length), float("-inf"), device=x.device).triu(1)
    for number in range(config.text_layers):
        if number == config.text_layers - 1:
            states = x[:, 1 : 1 + len(prompts)]
            query, keys = norm(w, "vp.ln_prompt", states), norm(w, "vp.ln_context", context).expand(classes, -1, -1)
            states = states + attention(w, "vp.cross_attn", config.text_heads, query, keys, 0.0)[0]
            states = states + mlp(w, "vp.ffn", norm(w, "vp.ln_ffn", states))
            x = torch.cat([x[:, :1], states, x[:, 1 + len(prompts) :]], dim=1)
        name = f"transformer.resblocks.{number}"
        own = norm(w, f"{name}.ln_1", x)
        x = feed_forward(w, name, x + attention(w, f"{name}.attn", config.text_heads, own, own, causal)[0])
    states = norm(w, "ln_final", x)[torch.arange(classes, device=x.device), end_positions(tokens)]
    return states @ w["text_projection"]


def attention(
    w: Weights, name: str, heads: int, queries: Tensor, keys: Tensor, bias: Tensor | float
) -> tuple[Tensor, Tensor]:
    """Rows (..., Q, D) attend to rows (..., K, D): output (..., Q, D) and maps (..., heads, Q, K)."""
    parts = zip(w[f"{name}.in_proj_weight"].chunk(3), w[f"{name}.in_proj_bias"].chunk(3), strict=True)
    q, k, v = (
        F.linear(rows, weight, shift).view(*rows.shape[:-1], heads, -1).transpose(-3, -2)
        for rows, (weight, shift) in zip((queries, keys, keys), parts, strict=True)
    )
    weights = (q @ k.transpose(-2, -1) * q.shape[-1] ** -0.5 + bias).softmax(dim=-1)
    mixed = (weights.to(v.dtype) @ v).transpose(-3, -2).flatten(-2)
    return F.linear(mixed, w[f"{name}.out_proj.weight"], w[f"{name}.out_proj.bias"]), weights


def norm(w: Weights, name: str, rows: Tensor) -> Tensor:
    """Layer norm."""
    return F.layer_norm(rows.float(), rows.shape[-1:], w[f"{name}.weight"], w[f"{name}.bias"])


def mlp(w: Weights, name: str, rows: Tensor) -> Tensor:
    """QuickGELU feed-forward."""
    hidden = F.linear(rows, w[f"{name}.c_fc.weight"], w[f"{name}.c_fc.bias"])
    hidden = hidden * torch.sigmoid(1.702 * hidden)
    return F.linear(hidden, w[f"{name}.c_proj.weight"], w[f"{name}.c_proj.bias"])


def feed_forward(w: Weights, block: str, rows: Tensor) -> Tensor:
    """rows + MLP(LN2 rows)."""
    return rows + mlp(w, f"{block}.mlp", norm(w, f"{block}.ln_2", rows))
