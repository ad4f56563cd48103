"""What a piece of code asks of the device, operation by operation."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

WAITING = {"_local_scalar_dense", "nonzero", "masked_select", "_unique2", "is_nonzero"}  # the host needs their result


class Operations(TorchDispatchMode):
    """Notes every operation's name, and the shape of every tensor that is made (views are not)."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.shapes: list[torch.Size] = []

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = function(*args, **(kwargs or {}))
        self.names.add(function.overloadpacket.__name__)
        if any(isinstance(t, Tensor) and t.dtype == torch.bool for t in _indices(function, args)):
            self.names.add("nonzero")  # how many places a mask has is only known on the device
        found = result if isinstance(result, tuple) else (result,)
        self.shapes += [t.shape for t in found if isinstance(t, Tensor) and not t._is_view()]
        return result


def _indices(function: Any, args: Any) -> list[Any]:
    indexes = function.overloadpacket.__name__ in ("index", "index_put", "index_put_", "_index_put_impl_")
    return list(args[1]) if indexes else []
