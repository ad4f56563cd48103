"""Weights from names for the parts that the compared systems add: `convention.rule` first, then these (numpy only).

value = offset + scale * z, z drawn as in `convention.value` (stream of prefix + name, float64, float32 at the end).
"""

import math
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
import convention


def rule(name: str, shape) -> tuple[float, float]:
    """(offset, scale) of a parameter: the convention's for CLIP's part, else by the kind that its name tells."""
    try:
        return convention.rule(name, shape)
    except KeyError:
        pass
    owner, _, leaf = name.rpartition(".")
    last = owner.rpartition(".")[2]
    if leaf == "bias":
        return 0.0, 0.02
    if leaf == "weight" and (last.startswith("ln") or last.endswith("norm")):
        return 1.0, 0.1
    if leaf == "weight" and len(shape) >= 2:  # linear and convolution weights, (out, in, ...)
        return 0.0, 1.0 / math.sqrt(math.prod(shape[1:]))
    return 0.0, 0.5  # tables: prompts, positions, tokens


def value(name: str, shape, prefix: str = "") -> np.ndarray:
    """The parameter `name` as float32."""
    if name == "logit_scale":
        return convention.value(name, shape, prefix)
    offset, scale = rule(name, shape)
    return (offset + scale * convention.stream(prefix + name).standard_normal(shape)).astype(np.float32)
