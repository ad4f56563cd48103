"""Where half precision ends: decisions, and logits (methods.md 1.5)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, cast

import torch
from torch import Tensor

from tcclip.process.runtime import multiplies_bfloat16


def exact(rows: Tensor) -> AbstractContextManager[Any]:
    """Products of float32 rows stay float32 under autocast: bfloat16's 8 bits make ties of most similarities."""
    device = rows.device.type
    return nullcontext() if device == "meta" else torch.autocast(device, enabled=False)


def summed_exactly(rows: Tensor) -> AbstractContextManager[Any]:
    """As `exact`; under bfloat16 autocast on a CPU that has it, factors are rounded to it and sums stay float32.

    Results have float32's 24 bits, so that there are no more ties; the rows, made in bfloat16, are off by more.
    """
    if rows.device.type != "cpu" or not torch.is_autocast_enabled("cpu"):
        return exact(rows)
    rounds = torch.get_autocast_dtype("cpu") == torch.bfloat16 and multiplies_bfloat16()
    return _rounding(rows) if rounds else exact(rows)


@contextmanager
def _rounding(rows: Tensor) -> Iterator[None]:
    products = cast(Any, torch.backends.mkldnn).matmul
    before = products.fp32_precision
    products.fp32_precision = "bf16"
    try:
        with exact(rows):
            yield
    finally:
        products.fp32_precision = before


def single(rows: Tensor) -> Tensor:
    """Half precision as float32; float32 and float64 as they are."""
    return rows.float() if rows.dtype in (torch.float16, torch.bfloat16) else rows


def full_precision(rows: Tensor) -> Tensor:
    """Rows without their gradient, half precision as float32: what decisions are computed from."""
    return single(rows.detach())
