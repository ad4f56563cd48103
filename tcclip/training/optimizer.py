"""AdamW with the parameter groups of methods.md 1.5."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import torch
from torch import nn

from tcclip.params.recipe import Optimizer
from tcclip.training.schedule import lr_at


def make_optimizer(
    parameters: Mapping[str, nn.Parameter], recipe: Optimizer, new_names: Collection[str]
) -> torch.optim.AdamW:
    """AdamW over canonically named parameters, weight decay on all; each group carries its `factor` of the rate.

    new_names: those that learn faster (`ClipVideo.new_names`).
    """
    old = [parameter for name, parameter in parameters.items() if name not in new_names]
    new = [parameter for name, parameter in parameters.items() if name in new_names]
    groups = [
        {"params": members, "factor": factor}
        for members, factor in ((old, 1.0), (new, recipe.new_lr_factor))
        if members
    ]
    # fused: one pass over each weight instead of ten small operations
    return torch.optim.AdamW(
        groups, lr=0.0, betas=recipe.betas, eps=recipe.eps, weight_decay=recipe.weight_decay, fused=True
    )


def set_rates(
    optimizer: torch.optim.Optimizer, iteration: int, *, base: float, lr_min: float, warmup: int, total: int
) -> float:
    """Set every group's rate for the next step; returns the base rate."""
    for group in optimizer.param_groups:
        group["lr"] = lr_at(iteration, base=base * group["factor"], lr_min=lr_min, warmup=warmup, total=total)
    return lr_at(iteration, base=base, lr_min=lr_min, warmup=warmup, total=total)
