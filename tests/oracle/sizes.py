"""What the equations need to know beside the weights: sizes, and how frames see each other."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    """What the weights' shapes do not tell."""

    patch: int
    vision_heads: int
    text_heads: int
    vision_layers: int
    text_layers: int


@dataclass(frozen=True)
class Context:
    """How context tokens are made."""

    alpha: float
    k: int
    r: int
    selector: str = "cls_attention"
    head_wise: str = "slices"
    summarizer: str = "bipartite"
    ats_doubles: str = "replace"
    random_form: str = "groups"
    saliency_over: str = "frame"
    start: str = "random"
    iterations: int = 10
    neighbours: int = 5
    noise: float = 1e-6


@dataclass(frozen=True)
class Exchange:
    """How frames see each other; layers are counted from 1."""

    ref: str = "none"
    edge: str = "zero"
    bias: bool = False
    infuse: tuple[int, ...] = ()
    summarise: tuple[int, ...] = ()
    context: Context | None = None
