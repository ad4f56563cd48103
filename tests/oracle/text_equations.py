"""The text side of Tables 7 and 10 written out: the whole text tower again for every video and every class.

Extends `equations` (same letters, same names of weights) by the modes that it has not: learned prompts without a look
at the video (coop), prompts that look at the frames' [CLS] tokens (vp_cls), and text features that look at the context
tokens after the tower (late_fusion).
"""

from __future__ import annotations

import torch
from equations import Context, Sizes, Weights, attention, feed_forward, mlp, norm, vision
from torch import Tensor


def logits(
    w: Weights, sizes: Sizes, video: Tensor, texts: list[list[int]], tc: Context | None, mode: str, n_ctx: int
) -> Tensor:
    """Video (T, 3, H, W) and token ids -> C logits, for a `text.mode` (methods.md, section 5)."""
    frames, context = vision(w, sizes, video, tc)
    v = torch.stack(frames).mean(0)
    seen = None
    if mode == "vp_cls":
        seen = torch.stack(frames).detach()  # the T [CLS] tokens after ln_post and projection
    elif mode in ("vp_ctx", "late_fusion"):
        assert context is not None
        seen = context.detach()
    scores = []
    for ids in texts:
        c = feature(w, sizes, ids, seen, mode, n_ctx)
        scores.append(torch.dot(v, c) / (v.norm() * c.norm()))
    return w["logit_scale"].exp() * torch.stack(scores)


def feature(w: Weights, sizes: Sizes, ids: list[int], seen: Tensor | None, mode: str, n_ctx: int) -> Tensor:
    """Token ids of one text -> its feature (E,), for the video whose tokens (k, E) are `seen`."""
    x = w["token_embedding.weight"][torch.tensor(ids)]
    if mode in ("coop", "vp_cls", "vp_ctx"):
        x = torch.cat([x[:1], w["vp.prompt_vectors"], x[1 + n_ctx :]])
    x = x + w["positional_embedding"][: len(ids)]
    for number in range(sizes.text_layers):
        if mode in ("vp_cls", "vp_ctx") and number == sizes.text_layers - 1:
            assert seen is not None
            looked = torch.stack([look(w, sizes, x[1 + place], seen) for place in range(n_ctx)])
            x = torch.cat([x[:1], looked, x[1 + n_ctx :]])
        block = f"transformer.resblocks.{number}"
        own = norm(w, f"{block}.ln_1", x)
        x = x + attention(w, f"{block}.attn", sizes.text_heads, own, own, causal=True)[0]
        x = feed_forward(w, block, x)
    c = norm(w, "ln_final", x)[ids.index(max(ids))] @ w["text_projection"]
    if mode == "late_fusion":
        assert seen is not None
        c = look(w, sizes, c, seen)
    return c


def look(w: Weights, sizes: Sizes, row: Tensor, seen: Tensor) -> Tensor:
    """One row (W,) looks at tokens (k, E): c + MHCA(LN c, LN S), then c + MLP(LN c) (Eq. 12)."""
    query, key = norm(w, "vp.ln_prompt", row[None]), norm(w, "vp.ln_context", seen)
    row = row + attention(w, "vp.cross_attn", sizes.text_heads, query, key)[0][0]
    return row + mlp(w, "vp.ffn", norm(w, "vp.ln_ffn", row))
