"""Vita-CLIP's kinds against their equations, on random weights at several sizes: values and gradients, float64."""

from __future__ import annotations

from typing import Any

import prompts as oracle
import pytest
import torch
from sizes import Sizes
from small_models import shaken
from torch import Tensor

from tcclip.errors import UserError
from tcclip.models import Backbone, BackboneConfig, build
from tcclip.models.clip_video import ClipVideo
from tcclip.params import load_method

CASES: list[tuple[BackboneConfig, int, dict[str, Any]]] = [  # sizes, frames, what differs from the method
    (BackboneConfig(24, 8, 32, 2, 3, 16, 2, 3, 16), 3, {}),
    (BackboneConfig(16, 8, 16, 4, 1, 16, 2, 1, 8), 1, {"text.n_ctx": 1, "vision.n_global": 1}),  # one layer, one frame
    (BackboneConfig(16, 4, 24, 3, 2, 32, 4, 2, 16), 4, {"text.per_class": False, "vision.train_cls_proj": True}),
    (BackboneConfig(24, 8, 32, 2, 2, 16, 2, 2, 16), 3, {"vision.summary": False, "text.n_ctx": 3}),
    (BackboneConfig(24, 8, 32, 2, 2, 16, 2, 2, 16), 3, {"vision.local": False}),
    (BackboneConfig(24, 8, 32, 2, 2, 16, 2, 2, 16), 3, {"vision.n_global": 0}),
    (BackboneConfig(24, 8, 32, 2, 2, 16, 2, 2, 16), 3, {"vision.summary": False, "vision.local": False}),
    (BackboneConfig(24, 8, 32, 2, 2, 16, 2, 2, 16), 3, {"vision.local": False, "vision.n_global": 0, "pos": "space"}),
]
CLASSES = ["run", "brush_hair with a friend", "ApplyEyeMakeup"]
NAMES = {"run": [1629], "brush hair with a friend": [9314, 2225, 593, 320, 1688], "ApplyEyeMakeup": [4292, 1033]}


def random_model(config: BackboneConfig, frames: int, overrides: dict[str, Any]) -> ClipVideo:
    method = load_method("vita_clip", overrides)
    start = [49406, *[343] * method.text.n_ctx]
    tokens = {method.text.texts_of(name)[0]: [*start, *ids, 269, 49407] for name, ids in NAMES.items()}
    clip = Backbone.random(config)
    model = build(method, Backbone(config, clip.tensors, tokens), CLASSES, frames).double()
    return shaken(model)


@pytest.mark.parametrize(
    ("config", "frames", "overrides", "recompute"),
    [(*case, False) for case in CASES] + [(*CASES[0], True)],
    ids=lambda value: str(value) if isinstance(value, dict | bool) else "",
)
def test_logits_and_gradients_equal_the_equations(
    config: BackboneConfig, frames: int, overrides: dict[str, Any], recompute: bool
) -> None:
    model = random_model(config, frames, overrides)
    model.visual.recompute = recompute
    size = (2, frames, 3, config.image_size, config.image_size)
    videos = torch.randn(size, generator=torch.Generator().manual_seed(4), dtype=torch.float64)
    labels = torch.tensor([2, 0])
    fast = model(videos)
    torch.nn.functional.cross_entropy(fast, labels).backward()
    w: dict[str, Tensor] = {
        name: tensor.detach().clone().requires_grad_(name != "token_embedding.weight")
        for name, tensor in model.state_dict().items()
    }
    sizes = Sizes(config.patch_size, config.vision_heads, config.text_heads, config.vision_layers, config.text_layers)
    texts = [row[: int(row.argmax()) + 1].tolist() for row in model.tokens]
    slow = torch.stack([oracle.logits(w, sizes, video, texts) for video in videos])
    torch.nn.functional.cross_entropy(slow, labels).backward()
    assert torch.allclose(fast, slow, rtol=1e-10, atol=1e-10)
    for name, parameter in model.named_parameters():
        found, expected = parameter.grad, w[name].grad
        found = torch.zeros_like(parameter) if found is None else found
        expected = torch.zeros_like(parameter) if expected is None else expected
        assert torch.allclose(found, expected, rtol=1e-8, atol=1e-11), name


@pytest.mark.parametrize("pos", ["time", "space"])
def test_videos_of_other_lengths_are_refused(pos: str) -> None:
    config, frames, _ = CASES[0]
    model = random_model(config, frames, {"pos": pos})
    with pytest.raises(UserError, match="are for videos of 3 frames and this one has 5"):
        model(torch.zeros(1, 5, 3, 24, 24, dtype=torch.float64))
