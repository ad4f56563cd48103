"""Several processes with one model each, which work on shares of the same steps and videos (one GPU each, or a CPU).

Every function also works in a single process, where it changes nothing. Numbers and messages travel between CPUs
(gloo), so that asking each other something does not make a GPU wait; gradients travel between GPUs (NCCL).

Gradients are added up by an explicit sum per optimizer step and not by DistributedDataParallel, for two reasons. It
expects one way back for every way forward, and a step here has one for each micro-batch and a last one through the text
layers, which arrives after it would have sent their gradients (`models.class_part`). And it divides by the number of
processes, while a loss here already weighs 1 / micro-batches of the step, so that shares of different size are right.
"""

from __future__ import annotations

import contextlib
import datetime
import os
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar, cast

import torch
import torch.distributed as dist
from torch import Tensor

from tcclip.errors import UserError

T = TypeVar("T")

PATIENCE = datetime.timedelta(minutes=30)  # for the slowest process: a state written to a slow disk, a video on tape
BUCKET = 2**24  # numbers that travel at a time; 64 MB of float32 beside the gradients


class LostError(UserError):
    """Another process of the same training or evaluation ended while this one needed it."""

    def __init__(self, words: str) -> None:
        """words: of gloo or NCCL."""
        super().__init__(
            f"another process of this job ended; its own message says why, and the same command goes on ({words})"
        )


def rank() -> int:
    """The number of this process, from 0."""
    return dist.get_rank() if dist.is_initialized() else 0


def world_size() -> int:
    """How many processes there are."""
    return dist.get_world_size() if dist.is_initialized() else 1


def is_main_process() -> bool:
    """Whether this is the process that writes files and talks."""
    return rank() == 0


@contextlib.contextmanager
def process_group(meeting: str, gpus: bool = True) -> Iterator[None]:
    """Be one of the processes that torchrun (or `tcclip.process.launch`) has started, for the block.

    `meeting` is where they find each other, in torch's words: env:// for torchrun's place, file:// for a file. Without
    `gpus` they leave those that are there alone.
    """
    on_gpus = gpus and torch.cuda.is_available()
    if on_gpus:
        own, there = int(os.environ["LOCAL_RANK"]), torch.cuda.device_count()
        if own >= there:
            raise UserError(
                f"{os.environ['LOCAL_WORLD_SIZE']} processes need as many GPUs, and this machine shows {there} to the "
                "job: ask for more with the rule's resource gpu (machine.gpus of the suite), or start fewer processes"
            )
        torch.cuda.set_device(own)
    dist.init_process_group(
        "cpu:gloo,cuda:nccl" if on_gpus else "gloo",
        init_method=meeting,
        rank=int(os.environ["RANK"]),
        world_size=int(os.environ["WORLD_SIZE"]),
        timeout=PATIENCE,
    )
    yield
    dist.destroy_process_group()  # not after an error: the others may be gone


def all_reduce_max(flag: int) -> int:
    """The largest `flag` of all processes; every process must ask as often as the others."""
    if world_size() == 1:
        return flag
    flags = torch.tensor([flag])
    with _others():
        dist.all_reduce(flags, dist.ReduceOp.MAX)
    return int(flags)


def all_reduce_sum(values: Tensor) -> Tensor:
    """The sum of all processes' `values`, on the CPU."""
    if world_size() == 1:
        return values.cpu()
    values = values.cpu()
    with _others():
        dist.all_reduce(values)
    return values


def broadcast_object(make: Callable[[], T]) -> T:
    """What the main process makes, in every process."""
    if world_size() == 1:
        return make()
    made: list[T | None] = [make() if is_main_process() else None]
    with _others():
        dist.broadcast_object_list(made, device=torch.device("cpu"))
    return cast(T, made[0])


def broadcast(tensors: Iterable[Tensor]) -> None:
    """Give `tensors` the main process's values."""
    if world_size() > 1:
        with torch.no_grad(), _others():
            for tensor in tensors:
                dist.broadcast(tensor.detach(), src=0)


def all_reduce_gradients(tensors: Iterable[Tensor]) -> None:
    """Replace each of `tensors` by its sum over all processes; they are the same ones in each."""
    if world_size() == 1:
        return
    for bucket in _buckets(tensors):
        flat = torch.cat([tensor.flatten() for tensor in bucket])
        with _others():
            dist.all_reduce(flat)
        for tensor, part in zip(bucket, torch.split(flat, [tensor.numel() for tensor in bucket]), strict=True):
            tensor.copy_(part.view_as(tensor))


def all_gather(own: Tensor) -> Tensor:
    """The rows (B, ...) of all processes, (processes * B, ...), in the order of their ranks.

    All have as many rows. Gradients go back to the process that has made a row, the sum of what all processes send.
    """
    return own if world_size() == 1 else cast(Tensor, _AllGather.apply(own))  # type: ignore[no-untyped-call]


class _AllGather(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, own: Tensor) -> Tensor:
        parts = [torch.empty_like(own, memory_format=torch.contiguous_format) for _ in range(world_size())]
        with _others():
            dist.all_gather(parts, own.contiguous())
        return torch.cat(parts)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:  # type: ignore[override]
        gradient = gradient.clone(memory_format=torch.contiguous_format)
        with _others():
            dist.all_reduce(gradient)
        return gradient.chunk(world_size())[rank()]


def _buckets(tensors: Iterable[Tensor]) -> Iterator[list[Tensor]]:
    bucket: list[Tensor] = []
    for tensor in tensors:
        bucket.append(tensor)
        if sum(part.numel() for part in bucket) >= BUCKET:
            yield bucket
            bucket = []
    if bucket:
        yield bucket


@contextlib.contextmanager
def _others() -> Iterator[None]:
    """The part of a function in which the others must take part."""
    try:
        yield
    except torch.OutOfMemoryError:
        raise  # of this process
    except RuntimeError as error:  # gloo's and NCCL's word for a closed connection
        raise LostError(next(iter(str(error).splitlines()), type(error).__name__)) from error
