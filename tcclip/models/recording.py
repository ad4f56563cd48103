"""A look at what attention is computed from. Off by default, and then it costs one comparison for each attention.

No map is kept by a model (its attention is fused); who listens gets queries and keys, from which maps are made again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from torch import Tensor


class Heard(NamedTuple):
    """One attention over the frames of videos; the tensors are those of the graph."""

    query: Tensor  # (B, T, Q, heads, d)
    key: Tensor  # (B, T, K, heads, d), or (B, 1, K, heads, d) where all frames see the same keys
    value: Tensor  # as key
    bias: Tensor | None  # (heads, K)
    mask: Tensor | None  # (T, K) bool, the keys that a frame sees
    output: Tensor  # what the heads make of the values, before their projection; B*T*Q*heads*d numbers in this order
    among: bool  # of one row of each frame to those of the others: then B, 1, Q = K = T


Listener = Callable[[Heard], None]
listener: Listener | None = None  # set by `listening` alone
_turn = threading.Lock()


@contextmanager
def listening(hear: Listener) -> Iterator[None]:
    """Call `hear` with every attention that this thread computes; another thread that wants to listen waits."""
    global listener
    own = threading.get_ident()

    def from_here(heard: Heard) -> None:
        if threading.get_ident() == own:
            hear(heard)

    with _turn:
        listener = from_here
        try:
            yield
        finally:
            listener = None
