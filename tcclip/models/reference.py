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
    return Attended(query, key, value, None, None, key.shape[2] - 1)


def shared(query: Tensor, own: tuple[Tensor, Tensor], extra: tuple[Tensor, Tensor], table: Tensor | None) -> Attended:
    """A frame sees its own tokens and those of the video: keys and values (B, k, heads, d) (Eq. 8)."""
    key, value = (_beside(part, more) for part, more in zip(own, extra, strict=True))
    places = own[0].shape[2]
    return Attended(query, key, value, bias_per_key(table, places, key.shape[2] - places), None, places - 1)


def cls_tokens(query: Tensor, key: Tensor, value: Tensor, table: Tensor | None) -> Attended:
    """A frame sees the [CLS] tokens of all frames, its own included: T more keys."""
    return shared(query, (key, value), (key[:, :, 0], value[:, :, 0]), table)


def all_frames(query: Tensor, key: Tensor, value: Tensor, table: Tensor | None) -> Attended:
    """Every token sees the tokens of all frames: one attention over T*M keys of a video, none of them copied."""
    del table  # own and other frames share one attention; params refuse a bias here
    patches = key.shape[2] - 1
    return Attended(query, key.flatten(1, 2)[:, None], value.flatten(1, 2)[:, None], None, None, patches)


def adjacent(edge: str) -> Reference:
    """A frame sees the tokens of the frames before and after it: 3*M keys.

    `edge`, for the neighbour that the first and the last frame lack: zero = keys and values of zeros, which take their
    share of the softmax; mask = no keys; replicate = the frame's own tokens again.
    """

    def see(query: Tensor, key: Tensor, value: Tensor, table: Tensor | None) -> Attended:
        frames, places = key.shape[1:3]
        near_key, near_value = (torch.cat([part, *_neighbours(part, edge)], dim=2) for part in (key, value))
        mask = None
        if edge == "mask":
            mask = torch.ones(frames, 3, places, dtype=torch.bool, device=key.device)
            mask[0, 1] = mask[-1, 2] = False
            mask = mask.flatten(1)
        return Attended(query, near_key, near_value, bias_per_key(table, places, 2 * places), mask, places - 1)

    return see


def bias_per_key(table: Tensor | None, own: int, reference: int) -> Tensor | None:
    """(heads, 2) local and global -> (heads, own + reference); None without reference tokens, where it cancels."""
    if table is None or reference == 0:
        return None
    return torch.cat([table[:, :1].expand(-1, own), table[:, 1:].expand(-1, reference)], dim=1)


def _beside(own: Tensor, reference: Tensor) -> Tensor:
    """Keys or values (B, T, M, heads, d) of each frame, followed by those of the video (B, k, heads, d)."""
    return torch.cat([own, reference[:, None].expand(-1, own.shape[1], -1, -1, -1)], dim=2)


def _neighbours(part: Tensor, edge: str) -> tuple[Tensor, Tensor]:
    """The part (B, T, ...) of the frame before and of the frame after each frame."""
    first, last = part[:, :1], part[:, -1:]
    if edge != "replicate":
        first, last = torch.zeros_like(first), torch.zeros_like(last)
    return torch.cat([first, part[:, :-1]], dim=1), torch.cat([part[:, 1:], last], dim=1)
