"""Where half precision ends: decisions, and logits (methods.md 1.5)."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor


def exact(rows: Tensor) -> AbstractContextManager[Any]:
    """Products of float32 rows stay float32 under autocast: bfloat16's 8 bits make ties of most similarities."""
    device = rows.device.type
    return nullcontext() if device == "meta" else torch.autocast(device, enabled=False)


def single(rows: Tensor) -> Tensor:
    """Half precision as float32; float32 and float64 as they are."""
    return rows.float() if rows.dtype in (torch.float16, torch.bfloat16) else rows


def full_precision(rows: Tensor) -> Tensor:
    """Rows without their gradient, half precision as float32: what decisions are computed from."""
    return single(rows.detach())
