"""How a job uses the machine: threads, determinism, memory, device, precision and signals."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any, Literal, cast, get_args

import torch

from tcclip.errors import unknown
from tcclip.process import gpu

Precision = Literal["fp32", "fp16", "bf16"]
PRECISIONS = ("auto", *get_args(Precision))  # what a person can ask for
M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # malloc.h
STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)  # Ctrl-C, a cluster's end of time, and its warning before


def deterministic(threads: int, seed: int, gradients: bool = True) -> None:
    """Fix the number of threads and the seed, and refuse operations whose result varies between runs.

    gradients: also the ways back of a GPU's fused attentions must not vary. Where torch may only warn they do: it then
    keeps cuDNN's, which has no other, and adds up the others' in the order in which blocks end. A forward pass alone is
    the same in all of them and takes the quickest.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read when a product is first asked of the GPU
    torch.set_num_threads(threads)
    if torch.cuda.is_available():
        torch.use_deterministic_algorithms(True, warn_only=not gradients)
    else:  # the same without torch's compiler, whose import would be two seconds of every command
        torch.set_deterministic_debug_mode("error")
    # filling new tensors with NaN costs time and finds only bugs of torch
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    torch.manual_seed(seed)


def keep_memory() -> None:
    """Keep freed memory in the process instead of giving it back to the system, where the C library is glibc.

    A step's activations are freed and asked for again in the next step; the page faults cost a small model on a CPU a
    fifth of its time.
    """
    library = ctypes.CDLL(None)
    if hasattr(library, "gnu_get_libc_version"):
        library.mallopt(M_MMAP_MAX, 0)  # no block of its own for a large tensor, which would go back at once
        library.mallopt(M_TRIM_THRESHOLD, 2**31 - 1)


def pick_device(name: str) -> torch.device:
    """The device called `name`; 'auto' is the GPU if there is one that works."""
    if name == "auto":
        return torch.device("cuda" if gpu.works() else "cpu")
    return torch.device(name)


def pick_precision(name: str, device: torch.device, inference: bool = False) -> Precision:
    """The precision called `name`; 'auto' is what the card is fast in: bf16, on a V100's generation fp16, else fp32.

    inference: nothing is trained, nor compared with a training's validation; then it is bf16 on processors too, where
    they compute in it by themselves.
    """
    if name != "auto":
        return cast(Precision, name)
    if inference and device.type == "cpu":
        return "bf16" if multiplies_bfloat16() else "fp32"
    card = torch.cuda.get_device_capability(device) if device.type == "cuda" else (0, 0)
    return "bf16" if card >= (8, 0) else "fp16" if card >= (7, 0) else "fp32"


def multiplies_bfloat16() -> bool:
    """Whether this processor computes in bfloat16 by itself; torch has no public name for it."""
    says = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
    return says is not None and bool(says())


def fused_attention_multiplies_bfloat16() -> bool:
    """Whether torch's fused attention multiplies bfloat16 as such on this processor: it does by AMX alone."""
    says = getattr(torch.cpu, "_is_amx_tile_supported", None)
    return says is not None and bool(says())


def check_precision(name: str) -> None:
    """UserError where `name` is none."""
    if name not in PRECISIONS:
        raise unknown("precision", name, PRECISIONS)


def autocast(device: torch.device, precision: str) -> AbstractContextManager[Any]:
    """Mixed precision for a forward pass; nothing for fp32."""
    if precision == "fp32":
        return contextlib.nullcontext()
    return torch.autocast(device.type, {"fp16": torch.float16, "bf16": torch.bfloat16}[precision])


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Run torch on one thread, as loader workers do: sums over pixels may differ in the last bit otherwise."""
    threads = torch.get_num_threads()
    if threads == 1:
        yield
        return
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def worker_context(workers: int) -> str | None:
    """How DataLoader starts its workers; None, as it wants it without any.

    On Linux as forks, which have what the process has: its libraries, kept clips (`data.clips.kept`), a temporary
    folder of a short name. From Python 3.14 on forks are no longer what is done where nothing is said.
    """
    return "fork" if workers and sys.platform == "linux" else None


def leave_signals_to_parent(_worker: int) -> None:
    """A loader worker goes on when asked to stop, until its parent has saved its state and ends it."""
    for number in STOPS:
        signal.signal(number, signal.SIG_IGN)
