"""The text side written out: the whole text tower again for every video and every class (Tables 7 and 10, Eq. 12)."""

from __future__ import annotations

import torch
from parts import Weights, attention, feed_forward, mlp, norm
from sizes import Sizes
from torch import Tensor


def looked_at(mode: str, frames: list[Tensor], context: Tensor | None) -> Tensor | None:
    """What the text of a `text.mode` sees of a video, (k, E): its T [CLS] tokens, its context tokens, or nothing."""
    if mode == "vp_cls":
        return torch.stack(frames).detach()
    if mode in ("vp_ctx", "late_fusion"):
        assert context is not None
        return context.detach()
    return None


def text(w: Weights, sizes: Sizes, ids: list[int], seen: Tensor | None, mode: str, n_ctx: int) -> Tensor:
    """Token ids of one text -> its feature (E,), for the video of which `seen` (k, E) is looked at."""
    x = w["token_embedding.weight"][torch.tensor(ids)]
    if "vp.prompt_vectors" in w:
        x = torch.cat([x[:1], w["vp.prompt_vectors"], x[1 + n_ctx :]])
    x = x + w["positional_embedding"][: len(ids)]
    for number in range(sizes.text_layers):
        if mode in ("vp_cls", "vp_ctx") and number == sizes.text_layers - 1:
            x = torch.cat([x[:1], look(w, sizes, x[1 : 1 + n_ctx], seen), x[1 + n_ctx :]])
        block = f"transformer.resblocks.{number}"
        own = norm(w, f"{block}.ln_1", x)
        x = x + attention(w, f"{block}.attn", sizes.text_heads, own, own, causal=True)[0]
        x = feed_forward(w, block, x)
    c = norm(w, "ln_final", x)[ids.index(max(ids))] @ w["text_projection"]
    return look(w, sizes, c[None], seen)[0] if mode == "late_fusion" else c


def look(w: Weights, sizes: Sizes, rows: Tensor, seen: Tensor | None) -> Tensor:
    """Eq. 12 for rows (n, W): p + MHCA(LN p, LN S), then p + MLP(LN p)."""
    assert seen is not None
    query, key = norm(w, "vp.ln_prompt", rows), norm(w, "vp.ln_context", seen)
    x = rows + attention(w, "vp.cross_attn", sizes.text_heads, query, key)[0]
    return x + mlp(w, "vp.ffn", norm(w, "vp.ln_ffn", x))
