"""Attention as products of one frame at a time, where torch's fused attention gains nothing by bfloat16.

Fused attention multiplies bfloat16 as such on a processor with AMX alone; elsewhere it takes as long as in float32,
while products of matrices use AVX512-BF16. The logits of one frame stay in the cache.
"""

from __future__ import annotations

import torch
from torch import Tensor

from tcclip.process.runtime import fused_attention_multiplies_bfloat16, multiplies_bfloat16

LOGITS = range(1 << 16, 1 << 22)  # of a frame, all heads: fewer are overhead, more leave the cache


def is_faster(query: Tensor, key: Tensor) -> bool:
    """Whether attention of (B*T, heads, Q, d) to (B*T, heads, K, d) should be computed here."""
    return (
        query.dtype == torch.bfloat16
        and query.device.type == "cpu"
        and not torch.is_grad_enabled()
        and query.shape[1] * query.shape[2] * key.shape[2] in LOGITS
        and multiplies_bfloat16()
        and not fused_attention_multiplies_bfloat16()
    )


def attention_by_frame(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, scale: float) -> Tensor:
    """softmax(scale q k^T + mask) v in half precision, without gradient, (B*T, heads, Q, d).

    query (B*T, heads, Q, d), key and value (B*T, heads, K, d), mask broadcast to (B*T, heads, Q, K), of which every
    query sees a key. Logits are rounded to the precision of the query.
    """
    frames, heads, queries, width = query.shape
    out = query.new_empty(frames, queries, heads, width).transpose(1, 2)  # its rows lie side by side afterwards
    logits = query.new_empty(heads, queries, key.shape[2])
    shift = None if mask is None else mask.to(query.dtype).expand(frames, -1, -1, -1)
    for frame in range(frames):
        beta, added = (0, logits) if shift is None else (1, shift[frame])  # with beta 0 nothing of it is read
        torch.baddbmm(added, query[frame], key[frame].transpose(1, 2), beta=beta, alpha=scale, out=logits)
        torch.bmm(logits.softmax(dim=-1), value[frame], out=out[frame])
    return out
