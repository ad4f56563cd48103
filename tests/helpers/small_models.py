"""A CLIP small enough for unit tests."""

from __future__ import annotations

from functools import cache
from typing import Any

import torch

from tcclip.models import Backbone, BackboneConfig, build
from tcclip.models.clip_video import ClipVideo
from tcclip.models.config import canonical_shapes
from tcclip.params import load_method

CONFIG = BackboneConfig(32, 8, 32, 2, 3, 32, 2, 3, 32)  # 16 patches
VIT_B16 = BackboneConfig(224, 16, 768, 12, 12, 512, 8, 12, 512)
CLASSES = ["ApplyEyeMakeup", "brush_hair", "playing the piano"]


@cache
def backbone() -> Backbone:
    return Backbone.random(CONFIG)


def small(method: str, overrides: dict[str, Any] | None = None, frames: int = 4) -> ClipVideo:
    extra = {"tc.k": 5, "tc.alpha": 0.5} if method == "tc_clip" else {}
    return build(load_method(method, {**extra, **(overrides or {})}), backbone(), CLASSES, frames)


def full_size(method: str, overrides: dict[str, Any] | None = None) -> int:
    """Trained parameters at ViT-B/16, without allocating them."""
    tensors = {name: torch.empty(shape, device="meta") for name, shape in canonical_shapes(VIT_B16).items()}
    model = build(load_method(method, overrides), Backbone(VIT_B16, tensors), CLASSES, 16)
    return sum(parameter.numel() for parameter in model.parameters())
