"""A model at weights that are not its own, for as long as some work takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar, cast

from torch import Tensor, nn
from torch.func import functional_call

T = TypeVar("T")


class _Around(nn.Module):
    """A module that does any work with the model inside of it."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, work: Callable[[], T]) -> T:
        """What the work gives."""
        return work()


def at_weights(model: nn.Module, weights: Mapping[str, Tensor], work: Callable[[], T]) -> T:
    """Do `work`, which uses the model, with these tensors in the place of its parameters of the same names.

    Gradients go to the tensors, and through whatever made them.
    """
    named = {f"model.{name}": tensor for name, tensor in weights.items()}
    return cast(T, functional_call(_Around(model), named, (work,), tie_weights=False))
