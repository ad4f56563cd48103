"""Reference tokens: what a frame sees beside its own tokens (paper, Eq. 4 and Table 1; methods.md 4).

Every function extends a frame's own queries, keys and values (B, T, M, heads, d), M = 1+N, by reference tokens; `table`
(heads, 2) is the bias of local and global keys. No new projections: reference tokens use the layer's own.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from tcclip.models.attention import Attended

Reference = Callable[[Tensor, Tensor, Tensor, Tensor | None], Attended]  # query, key, value, table


def own(query: Tensor, key: Tensor, value: Tensor) -> Attended:
    """A frame sees its own tokens alone."""
    return Attended(query, key, value, key.shape[2] - 1)


def shared(query: Tensor, own: tuple[Tensor, Tensor], extra: tuple[Tensor, Tensor], table: Tensor | None) -> Attended:
    """A frame sees its own tokens and those of the video: keys and values (B, k, heads, d) (Eq. 8)."""
    key, value = (_beside(part, more) for part, more in zip(own, extra, strict=True))
    places = own[0].shape[2]
    return Attended(query, key, value, places - 1, bias_per_key(table, places, key.shape[2] - places))


def bias_per_key(table: Tensor | None, own: int, reference: int) -> Tensor | None:
    """(heads, 2) local and global -> (heads, own + reference); None without reference tokens, where it cancels."""
    if table is None or reference == 0:
        return None
    return torch.cat([table[:, :1].expand(-1, own), table[:, 1:].expand(-1, reference)], dim=1)


def _beside(own: Tensor, reference: Tensor) -> Tensor:
    """Keys or values (B, T, M, heads, d) of each frame, followed by those of the video (B, k, heads, d)."""
    return torch.cat([own, reference[:, None].expand(-1, own.shape[1], -1, -1, -1)], dim=2)
