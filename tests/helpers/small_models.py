"""A CLIP small enough for unit tests."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import torch
from torch import Tensor

from tcclip.models import Backbone, BackboneConfig, build, load_canonical
from tcclip.models.canonical import canonical_shapes
from tcclip.models.clip_video import ClipVideo
from tcclip.params import load_method

CONFIG = BackboneConfig(32, 8, 32, 2, 3, 32, 2, 3, 32)  # 16 patches
VIT_B16 = BackboneConfig(224, 16, 768, 12, 12, 512, 8, 12, 512)
CLASSES = ["ApplyEyeMakeup", "brush_hair", "playing the piano"]


@cache
def backbone(layers: int = 3) -> Backbone:
    return Backbone.random(replace(CONFIG, vision_layers=layers, text_layers=layers))


def small(method: str, overrides: dict[str, Any] | None = None, frames: int = 4, layers: int = 3) -> ClipVideo:
    extra = {"tc.k": 5, "tc.alpha": 0.5} if method == "tc_clip" else {}
    return build(load_method(method, {**extra, **(overrides or {})}), backbone(layers), CLASSES, frames)


def full_size(method: str, overrides: dict[str, Any] | None = None) -> int:
    """Trained parameters at ViT-B/16, without allocating them."""
    tensors = {name: torch.empty(shape, device="meta") for name, shape in canonical_shapes(VIT_B16).items()}
    model = build(load_method(method, overrides), Backbone(VIT_B16, tensors), CLASSES, 16)
    return sum(parameter.numel() for parameter in model.parameters())


def shaken(model: ClipVideo) -> ClipVideo:
    """The model with noise on every weight, so that none is what it starts as."""
    stream = torch.Generator().manual_seed(3)
    noise = {
        name: tensor + 0.3 * torch.randn(tensor.shape, generator=stream, dtype=torch.float64)
        for name, tensor in model.state_dict().items()
    }
    load_canonical(model, noise)
    return model


def same_when_computed_twice(method: str, changes: dict[str, Any], video: Tensor) -> bool:
    """Whether a method's gradients are the same bits when layers are computed again on the way back."""
    found = []
    for recompute in (False, True):
        model = build(load_method(method, changes), backbone(), CLASSES, video.shape[1], recompute=recompute)
        model(video).logsumexp(1).sum().backward()
        found.append({name: p.grad for name, p in model.named_parameters() if p.grad is not None})
    assert found[0].keys() == found[1].keys()
    return all(torch.equal(found[0][name], found[1][name]) for name in found[0])
