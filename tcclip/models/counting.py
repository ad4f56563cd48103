"""Floating-point operations of a computation, counted by running it; on the meta device nothing is computed."""

from __future__ import annotations

from collections.abc import Callable

from torch.utils.flop_counter import FlopCounterMode


def counted(work: Callable[[], object]) -> int:
    """Operations of products of matrices and of attention, 2 per multiply-accumulate."""
    with FlopCounterMode(display=False) as counter:
        work()
    return int(counter.get_total_flops())
