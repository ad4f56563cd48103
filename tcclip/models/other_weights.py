"""A model at weights that are not its own, for as long as a block lasts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import cast

from torch import Tensor, nn


@contextmanager
def at_weights(model: nn.Module, weights: Mapping[str, Tensor]) -> Iterator[None]:
    """Have these tensors in the place of the model's parameters of the same names while the block lasts.

    Gradients go to the tensors, and through whatever made them. The way back belongs into the block too where layers
    are computed again on it (`machine.checkpoint`): they are at the weights that the model has then.
    """
    own = {name: model.get_parameter(name) for name in weights}
    try:
        _put(model, weights)
        yield
    finally:
        _put(model, own)


def _put(model: nn.Module, weights: Mapping[str, Tensor]) -> None:
    for name, weight in weights.items():
        owner, _, leaf = name.rpartition(".")
        model.get_submodule(owner)._parameters[leaf] = cast(nn.Parameter, weight)
