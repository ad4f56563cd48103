"""What a kind adds to a model: weights of its own, where they stand in it, how they start and how they learn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from tcclip.models.initial_values import Start, stream

STD = 0.02  # of new weights that start at random (methods.md 3.11)


def truncated_normal(names: Mapping[str, torch.Size], clip: Mapping[str, Tensor], seed: int) -> dict[str, Tensor]:
    """Small random first values, each from a stream of its own, so that no other weight moves it."""
    return {
        name: nn.init.trunc_normal_(torch.empty(shape), std=STD, generator=stream(name, seed))
        for name, shape in names.items()
    }


@dataclass(frozen=True)
class Part:
    """Weights of a kind, at names that CLIP has not, so that no ensemble mixes them."""

    axis: str  # whose kind it is
    prefix: str  # the module that they are in, which may be one of CLIP's; "" is the whole model
    module: Callable[[], nn.Module]  # makes them, without values
    start: Start = truncated_normal
    new_rate: bool = False  # they learn at `recipe.optimizer.new_lr_factor` times the rate
    fixed: tuple[str, ...] = ()  # how canonical names of the part begin that no training changes
