"""Tensors on "cuda:0" whose numbers lie in the CPU's memory, for `pretended_gpu`.

What a GPU would refuse, a product of its tensors with the CPU's, is refused here, and what would wait for it is
counted. So are sums of rows refused that it would round after every row. torch itself takes the tensors for the CPU's:
C++ that asks where one lies gets that answer (`to` another tensor, backward passes), which is set right below.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from types import FrameType
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode, return_and_correct_aliasing
from torch.utils._pytree import tree_leaves, tree_map

CPU, GPU = torch.device("cpu"), torch.device("cuda:0")
aten = torch.ops.aten
HALF = (torch.float16, torch.bfloat16)
# Where the size of the result depends on numbers, or a number goes to Python.
WAITING = {
    *(aten._local_scalar_dense.default, aten.nonzero.default, aten.masked_select.default, aten.equal.default),
    *(aten._unique2.default, aten.unique_dim.default, aten.unique_consecutive.default, aten.repeat_interleave.Tensor),
}
COPYING = {aten.copy_.default, aten._to_copy.default}
# A GPU rounds the sum of rows of one place after each of them, in their own precision; a CPU rounds it once.
SUMMING = {aten.index_add.default, aten.index_add_.default}
INDEXING = {aten.index.Tensor, aten.index_put.default, aten.index_put_.default}  # whose indices may be the CPU's

waits: Counter[str] = Counter()  # places of the package that would have waited for the GPU


class OnGpu(Tensor):
    """A tensor of the GPU."""

    held: Tensor
    device = property(lambda self: GPU)  # type: ignore[assignment]
    is_cuda = property(lambda self: True)  # type: ignore[assignment]
    is_cpu = property(lambda self: False)  # type: ignore[assignment]
    __torch_function__ = torch._C._disabled_torch_function_impl

    @staticmethod
    def __new__(cls, held: Tensor) -> OnGpu:
        place = {"strides": held.stride(), "storage_offset": held.storage_offset()}
        made = Tensor._make_wrapper_subclass(cls, held.size(), dtype=held.dtype, device=CPU, **place)
        made.held = held
        return made

    def get_device(self) -> int:
        return 0

    def record_stream(self, stream: Any) -> None:
        """Memory here is free when nobody has it."""

    def __tensor_flatten__(self) -> tuple[list[str], None]:  # makes modules swap their weights for such
        return ["held"], None

    @staticmethod
    def __tensor_unflatten__(parts: dict[str, Tensor], meta: None, size: Any, stride: Any) -> OnGpu:
        return OnGpu(parts["held"])

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _run(func, args, kwargs or {})


class ToCpu(torch.autograd.Function):
    """The way down, which waits, and its gradient's way up."""

    @staticmethod
    def forward(ctx: Any, there: OnGpu) -> Tensor:
        waits[_place()] += 1
        return there.held.clone()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return OnGpu(gradient)


class Operations(TorchDispatchMode):
    """Makes tensors on the GPU where they are asked for."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _run(func, args, kwargs or {})


class Functions(TorchFunctionMode):
    """What C++ would take for the CPU's before it comes to an operation."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs, first = kwargs or {}, args[0] if args else None
        if func is F.scaled_dot_product_attention and isinstance(first, OnGpu):
            return _attention(*args, **kwargs)
        if func is Tensor.to and len(args) == 2 and isinstance(args[1], Tensor):
            return first.to(device=GPU if isinstance(args[1], OnGpu) else CPU, dtype=args[1].dtype, **kwargs)
        if isinstance(first, OnGpu):
            if func is Tensor.cpu or (func is Tensor.to and CPU in (_asked(args, kwargs), kwargs.get("device"))):
                return ToCpu.apply(first)
            if func is Tensor.tolist:
                waits[_place()] += 1
                return first.held.tolist()
            if func is Tensor.numpy:
                raise TypeError("a GPU's tensor has no numpy array")
        return func(*args, **kwargs)


def _attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    is_causal: bool = False,
    scale: float | None = None,
) -> Tensor:
    if torch.is_autocast_enabled("cuda"):
        query, key, value = (part.to(torch.get_autocast_dtype("cuda")) for part in (query, key, value))
    assert attn_mask is None or attn_mask.dtype in (torch.bool, query.dtype), "a kernel's mask has the queries' type"
    if is_causal:
        attn_mask = torch.full((query.shape[-2], key.shape[-2]), -torch.inf, dtype=query.dtype, device=GPU).triu(1)
    logits = (query * (scale or query.shape[-1] ** -0.5)) @ key.transpose(-2, -1)
    return (logits if attn_mask is None else logits + attn_mask).softmax(-1).to(value.dtype) @ value


def _run(func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """An operation by the CPU's numbers, with a result on the GPU where a GPU's would be there."""
    tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
    ours = any(isinstance(tensor, OnGpu) for tensor in tensors)
    asked = _asked(args, kwargs)
    if (ours or not tensors) and asked in (CPU, None) and _in_backward():  # C++ says where the gradient is wanted
        asked = GPU
    if not ours and asked != GPU:
        return func(*args, **kwargs)
    others = [tensor for tensor in tensors if not isinstance(tensor, OnGpu) and tensor.dim()]
    if ours and others and func not in COPYING | INDEXING:
        raise RuntimeError(f"{func} of tensors on the GPU and on the CPU at {_place()}")
    _count_waits(func, args, kwargs, ours, asked)
    inner_args, inner = tree_map(_on_cpu, (args, {key: value for key, value in kwargs.items() if key != "pin_memory"}))
    if func in SUMMING and inner_args[0].dtype in HALF and len(inner_args[2].unique()) < len(inner_args[2]):
        raise RuntimeError(f"{func} adds up rows in half precision")
    if func is aten.bmm.dtype:  # of two halves, which a CPU lacks
        assert inner_args[0].dtype == inner_args[1].dtype in HALF and inner_args[2] == torch.float32
        found = torch.bmm(inner_args[0].float(), inner_args[1].float())
    else:
        found = func(*inner_args, **inner)
    there = isinstance(args[0], OnGpu) if func is aten.copy_.default else asked != CPU or func not in COPYING
    if found is inner_args[0] and func is aten._to_copy.default:
        found = found.clone()
    found = tree_map(lambda leaf: OnGpu(leaf) if isinstance(leaf, Tensor) and there else leaf, found)
    return return_and_correct_aliasing(func, args, kwargs, found)


def _asked(args: Any, kwargs: dict[str, Any]) -> torch.device | None:
    """The device that an operation or `to` is asked for."""
    named = kwargs.get("device") or next((part for part in args[1:] if isinstance(part, torch.device | str)), None)
    return None if named is None else torch.device(named)


def _on_cpu(leaf: Any) -> Any:
    return leaf.held if isinstance(leaf, OnGpu) else CPU if isinstance(leaf, torch.device) else leaf


def _count_waits(func: Any, args: Any, kwargs: dict[str, Any], ours: bool, asked: torch.device | None) -> None:
    by_numbers = func in INDEXING and any(
        isinstance(index, Tensor) and (index.dtype in (torch.bool, torch.uint8) or not isinstance(index, OnGpu))
        for index in tree_leaves(args[1])
    )
    across = (func is aten._to_copy.default and ours != (asked != CPU)) or (
        func is aten.copy_.default and isinstance(args[0], OnGpu) != isinstance(args[1], OnGpu)
    )
    asks = not kwargs.get("non_blocking") and not (func is aten.copy_.default and len(args) > 2 and args[2])
    if func in WAITING or by_numbers or (across and asks):
        waits[_place()] += 1


def _frames() -> Iterator[FrameType]:
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        yield frame
        frame = frame.f_back


def _place() -> str:
    """Where the package asked."""
    files = (frame.f_code.co_filename for frame in _frames())
    return next((file.split("/tcclip/")[-1] for file in files if "/tcclip/" in file), "elsewhere")


def _in_backward() -> bool:
    for frame in _frames():
        if "/tcclip/" in frame.f_code.co_filename:
            return False
        if frame.f_code.co_name == "_engine_run_backward":
            return True
    return False
