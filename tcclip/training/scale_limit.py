"""A factor of the cosine that training holds below a limit (docs/spec/systems/maxi.md, fact 4)."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn


def hold_below(optimizer: torch.optim.Optimizer, scale: nn.Parameter, most: float) -> None:
    """Set exp(scale) back to `most` after every step of the optimizer that goes beyond; no gradient knows of it."""

    @torch.no_grad()
    def after_step(*_: Any) -> None:
        scale.clamp_(max=math.log(most))

    optimizer.register_step_post_hook(after_step)
