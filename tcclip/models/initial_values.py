"""First values of a part's weights by rules on their names, each weight drawn from a stream of its own."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

# An empty weight, how many numbers go into one row of the matrix that it belongs to, its stream -> the weight filled.
Draw = Callable[[Tensor, int, torch.Generator], Tensor]


# Canonical names and shapes of a part's weights, CLIP's weights by name, a training's seed -> their first values.
Start = Callable[[Mapping[str, torch.Size], Mapping[str, Tensor], int], dict[str, Tensor]]


def drawn(rules: Mapping[str, Draw]) -> Start:
    """A part's `start`: the first rule whose key ends a weight's name fills it. Norms (`ln...`) start as identity.

    The stream is the seed's and the name's, so no other weight moves it. A weight that no rule is for is a KeyError.
    """

    def start(names: Mapping[str, torch.Size], clip: Mapping[str, Tensor], seed: int) -> dict[str, Tensor]:
        return {
            name: _rule(name, rules)(torch.empty(names[name]), _fan_in(name, names), stream(name, seed))
            for name in names
        }

    return start


def stream(name: str, seed: int) -> torch.Generator:
    """The random numbers of one weight in trainings of a seed."""
    return torch.Generator().manual_seed(zlib.crc32(name.encode(), seed))


def constant(value: float) -> Draw:
    """One number everywhere."""
    return lambda weight, fan_in, numbers: weight.fill_(value)


def normal(deviation: float) -> Draw:
    """N(0, deviation)."""
    return lambda weight, fan_in, numbers: weight.normal_(0.0, deviation, generator=numbers)


def kaiming_normal(weight: Tensor, fan_in: int, numbers: torch.Generator) -> Tensor:
    """N(0, sqrt(2 / inputs)): the framework's start of what a rectifier follows."""
    return weight.normal_(0.0, (2 / fan_in) ** 0.5, generator=numbers)


def uniform(bound: float) -> Draw:
    """Uniform within +-bound."""
    return lambda weight, fan_in, numbers: weight.uniform_(-bound, bound, generator=numbers)


def xavier_uniform(weight: Tensor, fan_in: int, numbers: torch.Generator) -> Tensor:
    """Uniform within +-sqrt(6 / (rows + columns)); query, key and value stacked are one matrix, as in the framework."""
    return nn.init.xavier_uniform_(weight, generator=numbers)


def uniform_by_inputs(weight: Tensor, fan_in: int, numbers: torch.Generator) -> Tensor:
    """Uniform within +-1/sqrt(inputs), weights and biases alike: the framework's start of a linear map."""
    return weight.uniform_(-(fan_in**-0.5), fan_in**-0.5, generator=numbers)


def _rule(name: str, rules: Mapping[str, Draw]) -> Draw:
    for ending, rule in rules.items():
        if name.endswith(ending):
            return rule
    owner, _, leaf = name.rpartition(".")
    if not owner.rpartition(".")[2].startswith("ln"):
        raise KeyError(f"no rule says how {name} starts")
    return constant(1.0 if leaf == "weight" else 0.0)


def _fan_in(name: str, names: Mapping[str, torch.Size]) -> int:
    """Columns of the weight itself, or of the matrix that a bias stands beside."""
    return names.get(f"{name.rpartition('.')[0]}.weight", names[name])[-1] if names[name] else 1
