"""Products of rows that decisions rest on, on a GPU's tensor cores where the rest of the model is there."""

from __future__ import annotations

import torch
from torch import Tensor

from tcclip.models.precision import exact, single

LENGTH = 2.0**12  # of a row in halves: far from float16's largest number, 65504, and its rest far from the smallest
SHORTEST = 1e-30  # length of a row below which it is as good as none


def products(ours: Tensor, theirs: Tensor) -> Tensor:
    """Scalar products (B, m, n) of rows (B, m, D) and (B, n, D) with the rounding of float32 under any autocast.

    A GPU multiplies float32 beside its tensor cores, at a tenth of their rate or less, and TF32 has 11 bits, which a
    CLIP's few large features need for themselves. Under autocast the tensor cores get each number as the sum of two of
    float16, whose products are added up in float32 (`in_halves`): three times the arithmetic. Rows that are in half
    precision they take as they are.
    """
    on_tensor_cores = in_half(ours)
    with exact(ours):
        if ours.device.type == "cuda" and ours.dtype in (torch.float16, torch.bfloat16):
            added: Tensor = torch.bmm(ours, theirs.transpose(1, 2), out_dtype=torch.float32)
            return added
        if not on_tensor_cores:
            return single(ours) @ single(theirs).transpose(1, 2)
        scales, other_scales = _scales(ours), _scales(theirs)  # (B, m, 1), (B, n, 1)
        scaled = torch.bmm(*in_halves(ours * scales, theirs * other_scales), out_dtype=torch.float32)
        found: Tensor = scaled / scales / other_scales.transpose(1, 2)
        return found


def in_half(rows: Tensor) -> bool:
    """Whether rows are float32 on a GPU whose autocast is on."""
    return rows.device.type == "cuda" and rows.dtype == torch.float32 and torch.is_autocast_enabled("cuda")


def in_halves(ours: Tensor, theirs: Tensor) -> tuple[Tensor, Tensor]:
    """Rows (B, m, D) and (B, n, D) of length `LENGTH` -> (B, m, 3D) and (B, 3D, n) in float16 with the same products.

    With x = h + l + e, h and l float16 and |e| <= 2^-22 |x| (or 2^-25 where x is next to nothing), x y is
    h h' + h l' + l h' but for 2^-22 |x y| of the smallest term, and 2^-22 of each rest: float32 has 2^-24.
    """
    high, low = _split(ours)
    other_high, other_low = _split(theirs)
    left = torch.cat([high, high, low], dim=-1)
    right = torch.cat([other_high, other_low, other_high], dim=-1)
    return left, right.transpose(1, 2)


def _split(rows: Tensor) -> tuple[Tensor, Tensor]:
    high = rows.half()
    return high, (rows - high.float()).half()


def _scales(rows: Tensor) -> Tensor:
    """What brings rows (B, m, D) to their length, (B, m, 1)."""
    lengths: Tensor = torch.linalg.vector_norm(rows, dim=-1, keepdim=True)
    return LENGTH / lengths.clamp_min(SHORTEST)
