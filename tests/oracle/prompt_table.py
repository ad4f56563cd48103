"""A5's texts written out: one at a time, all 77 rows of it (methods.md 3.3; docs/spec/systems/a5.md, section 3)."""

from __future__ import annotations

import torch
from parts import Weights, attention, feed_forward, norm
from torch import Tensor


def feature(w: Weights, heads: int, layers: int, ids: list[int], before: int, after: int) -> Tensor:
    """Token ids of [SOT], name, [EOT] -> the text's feature (E,)."""
    embedded = [w["token_embedding.weight"][token] for token in ids]
    name = embedded[1:-1]
    rows = list(w["prompt_table"])  # of all positions, also of those behind [EOT], which nothing reads
    rows[0] = embedded[0]
    rows[before + 1 : before + 1 + len(name)] = name
    end = before + len(name) + after + 1
    rows[end] = embedded[-1]
    x = torch.stack(rows) + w["positional_embedding"]
    for number in range(layers):
        block = f"transformer.resblocks.{number}"
        own = norm(w, f"{block}.ln_1", x)
        x = x + attention(w, f"{block}.attn", heads, own, own, causal=True)[0]
        x = feed_forward(w, block, x)
    return norm(w, "ln_final", x)[end] @ w["text_projection"]
