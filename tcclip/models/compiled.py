"""Layers as graphs of torch.compile: fewer passes over memory on a GPU, the same numbers but for their rounding."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Literal, TypeVar, cast, get_args

import torch

F = TypeVar("F", bound=Callable[..., Any])

# off: operation by operation | regions: each layer's function once for all layers that are alike | whole: the model
Compiled = Literal["off", "regions", "whole", "graphs"]  # graphs: as whole, replayed as CUDA graphs
WAYS: tuple[Compiled, ...] = get_args(Compiled)


def as_it_is(function: F) -> F:
    """Nothing is compiled."""
    return function


@functools.cache
def as_region(function: F) -> F:
    """A layer's function, compiled when it is first called with arguments of new kinds and kept for all models."""
    return cast(F, torch.compile(function, dynamic=False))
