"""Weights that are held in half precision without a float32 copy (docs/spec/systems/action_clip.md, 7.5).

After every optimizer step CLIP's convolution, linear maps, attentions and projections are rounded to float16, in which
a change of less than half a spacing is lost. Norms, tables, logit_scale and what kinds add keep float32.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

TOWERS = ("visual.", "transformer.")
HELD = ("conv1.weight", "in_proj_weight", "in_proj_bias", "out_proj", "c_fc", "c_proj")
PROJECTIONS = ("visual.proj", "text_projection")


def hold_in_half(optimizer: torch.optim.Optimizer, parameters: Mapping[str, nn.Parameter]) -> None:
    """Round now, and after every step of the optimizer, those of the canonically named parameters that are held so."""
    held = [parameter for name, parameter in parameters.items() if is_held(name)]

    def after_step(*_: Any) -> None:
        round_to_half(held)

    round_to_half(held)
    optimizer.register_step_post_hook(after_step)


def is_held(name: str) -> bool:
    """Whether a weight of this canonical name is one of CLIP's matrices or of the biases beside them."""
    return name in PROJECTIONS or (name.startswith(TOWERS) and any(part in name for part in HELD))


@torch.no_grad()
def round_to_half(parameters: Iterable[Tensor]) -> None:
    """To the nearest float16, in place."""
    for parameter in parameters:
        parameter.copy_(parameter.half())
