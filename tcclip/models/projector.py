"""Residual projectors: what a training puts between a model's features and a teacher's (docs/spec/systems/froster.md).

g(f) = f + a W2 GELU(W1 f), GELU the exact one and not CLIP's; f is a normalised feature and g is not normalised again
(facts 5 and 6). W2 starts at zero, so that g starts as the identity.
"""

from __future__ import annotations

from functools import partial

import torch.nn.functional as F
from torch import Tensor, nn

from tcclip.models.canonical import PROJECTOR
from tcclip.models.initial_values import constant, drawn, kaiming_normal
from tcclip.models.part import Part
from tcclip.params.architecture import BackboneConfig

SIDES = ("visual", "text")
START = drawn({"fc1.weight": kaiming_normal, "fc2.weight": constant(0)})  # fact 6


def projectors(config: BackboneConfig) -> Part:
    """One for frames and one for texts; they learn at the rate of all other weights (fact 9)."""
    return Part("objective", PROJECTOR, partial(Projectors, config.embed_dim), START)


class Projectors(nn.ModuleDict):
    """A projector of each side."""

    def __init__(self, width: int) -> None:
        super().__init__({side: Projector(width) for side in SIDES})


class Projector(nn.Module):
    """Two linear maps (E, E) without biases."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, width, bias=False)
        self.fc2 = nn.Linear(width, width, bias=False)

    def forward(self, features: Tensor, share: float) -> Tensor:
        """Normalised features (..., E) -> (..., E), not normalised."""
        added: Tensor = self.fc2(F.gelu(self.fc1(features)))
        return features + share * added


def away(projected: Tensor, wanted: Tensor) -> Tensor:
    """1 - the mean cosine of features (..., E), neither of them normalised: a scalar (fact 7)."""
    return 1 - F.cosine_similarity(projected, wanted, dim=-1).mean()
