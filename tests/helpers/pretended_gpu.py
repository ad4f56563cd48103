"""A GPU that is none, for machines without one.

Python code sees tensors, autocast and streams of a GPU and so takes the ways that it takes on one, with the CPU's
numbers (`gpu_tensors`). It says nothing of speed, kernels or memory.
"""

from __future__ import annotations

import contextlib
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import torch
import torch._dynamo.variables  # keeps torch's functions as they are when it is imported: not the stand-ins
from gpu_tensors import GPU, Functions, OnGpu, Operations, waits

__all__ = ["GPU", "OnGpu", "pretended_gpu"]


class Stream:
    """Nothing is done beside anything here."""

    def __init__(self, *device: Any) -> None:
        pass

    def record_event(self) -> Stream:
        return self

    def wait_event(self, event: Stream) -> None:
        pass


_autocast, _enabled, _dtype = torch.autocast, torch.is_autocast_enabled, torch.get_autocast_dtype


def _autocast_is_on(kind: str) -> bool:
    """The CPU's autocast stands for the GPU's; of its own the package is told that it is off."""
    package = "/tcclip/" in sys._getframe(1).f_code.co_filename
    return _enabled("cpu") if kind == "cuda" or not package else False


def _autocast_of(kind: str, dtype: torch.dtype | None = None, enabled: bool = True) -> torch.autocast:
    return _autocast("cpu", dtype=dtype, enabled=enabled)


PATCHES: dict[str, Callable[..., Any]] = {
    "torch.autocast": _autocast_of,
    "torch.is_autocast_enabled": _autocast_is_on,
    "torch.get_autocast_dtype": lambda kind: _dtype("cpu"),
    "torch.inference_mode": torch.no_grad,  # whose tensors cannot be wrapped
    "torch.accelerator.is_available": lambda: False,  # loaders would pin memory
    "torch.cuda._lazy_init": lambda: None,
    "torch.cuda.current_stream": Stream,
    "torch.cuda.device_count": lambda: 1,
    "torch.cuda.get_device_capability": lambda device=None: (9, 0),
    "torch.cuda.get_device_name": lambda device=None: "a pretended GPU",
    "torch.cuda.is_available": lambda: True,
    "torch.cuda.set_device": lambda device: None,
    "torch.cuda.Stream": Stream,
    "torch.cuda.stream": lambda stream: contextlib.nullcontext(),
    "torch.cuda.synchronize": lambda device=None: None,
    "torch.optim.Optimizer._accelerator_graph_capture_health_check": lambda optimizer: None,
    "torch.random.fork_rng": lambda devices: contextlib.nullcontext(),
    "torch.Tensor.pin_memory": lambda tensor, device=None: tensor,
}


@contextlib.contextmanager
def pretended_gpu() -> Iterator[Counter[str]]:
    """The places that wait for the GPU, counted while it is there; `clear` begins anew."""
    waits.clear()
    with contextlib.ExitStack() as stack:
        for name, stand_in in PATCHES.items():
            with contextlib.suppress(AttributeError):  # not in every torch
                stack.enter_context(mock.patch(name, stand_in))
        stack.enter_context(Functions())
        stack.enter_context(Operations())
        yield waits
