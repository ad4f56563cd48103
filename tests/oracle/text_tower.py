"""The text tower written out, one text at a time, with prompts conditioned on a video (Eq. 12)."""

from __future__ import annotations

import torch
from parts import Weights, attention, feed_forward, mlp, norm
from sizes import Sizes
from torch import Tensor


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
