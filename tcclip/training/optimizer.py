"""AdamW with the parameter groups of methods.md 1.5."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import torch
from torch import nn

from tcclip.params.recipe import Optimizer
from tcclip.training.half_weights import hold_in_half

NOTHING: Mapping[str, float] = {}


def make_optimizer(
    parameters: Mapping[str, nn.Parameter],
    recipe: Optimizer,
    new_names: Collection[str],
    factors: Mapping[str, float] = NOTHING,
    undecayed: Collection[str] = (),
) -> torch.optim.AdamW:
    """AdamW over canonically named parameters; each group carries its `factor` of the rate.

    new_names: those that learn at the recipe's factor of what is new (`ClipVideo.new_names`); they come last.
    factors: other factors, by name. undecayed: the names without weight decay; it is on all others.
    """
    groups: dict[tuple[bool, float, bool], dict[str, Any]] = {}
    for name in sorted(parameters, key=lambda name: name in new_names):  # stable: in the order of the model
        new, decays = name in new_names, name not in undecayed
        factor = factors.get(name, recipe.new_lr_factor if new else 1.0)
        decay = recipe.weight_decay if decays else 0.0
        group = groups.setdefault((new, factor, decays), {"params": [], "factor": factor, "weight_decay": decay})
        group["params"].append(parameters[name])
    # fused: one pass over each weight instead of ten small operations
    optimizer = torch.optim.AdamW(
        list(groups.values()), lr=0.0, betas=recipe.betas, eps=recipe.eps, weight_decay=recipe.weight_decay, fused=True
    )
    if recipe.half_weights:
        hold_in_half(optimizer, parameters)
    return optimizer


def set_rates(optimizer: torch.optim.Optimizer, base: float, rate_of: Callable[[float], float]) -> float:
    """Set every group's rate for the next step, which is that of the group's base; returns that of `base`."""
    for group in optimizer.param_groups:
        group["lr"] = rate_of(base * group["factor"])
    return rate_of(base)


def limit_gradients(optimizer: torch.optim.Optimizer, scaler: torch.amp.GradScaler, longest: float | None) -> None:
    """Scale the gradients of a whole step, in place, so that their common L2 norm is at most `longest`; None: any.

    The factor is longest / (norm + 1e-6) where that is below 1 (docs/spec/systems/open_vclip.md 4.6). Gradients
    that fp16 has scaled are brought back first; one that is not finite there stays so, and the scaler skips the step.
    """
    if longest is None:
        return
    scaler.unscale_(optimizer)
    weights = [weight for group in optimizer.param_groups for weight in group["params"] if weight.grad is not None]
    torch.nn.utils.clip_grad_norm_(weights, longest)
