"""X-CLIP's kinds, together and alone, against their equations on random weights: values and gradients, float64."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import x_clip as oracle
from sizes import Sizes
from small_models import shaken
from torch import Tensor

from tcclip.models import Backbone, BackboneConfig, build
from tcclip.models.clip_video import ClipVideo
from tcclip.params import load_method

SMALL = BackboneConfig(24, 8, 32, 2, 3, 16, 2, 3, 16)  # 9 patches; E is narrower than a head
WIDE = BackboneConfig(16, 8, 24, 3, 2, 32, 2, 2, 128)  # 4 patches; E is two heads, and not the texts' width
CASES: list[tuple[BackboneConfig, int, int, dict[str, Any]]] = [  # sizes, videos, frames, changes
    (SMALL, 2, 3, {}),
    (WIDE, 2, 4, {}),
    (WIDE, 3, 1, {"pool.blocks": 2, "look.layers": 1}),
    (SMALL, 1, 2, {"look.layers": 3}),
    (SMALL, 2, 3, {"pool": "mean", "look": "none"}),  # messages alone: of the last layer [CLS] is enough
    (SMALL, 2, 3, {"vision": "none", "look": "none"}),
    (WIDE, 2, 3, {"vision": "none", "pool": "mean"}),  # the last layer of another vision, in full
]


def random_model(config: BackboneConfig, frames: int, changes: dict[str, Any]) -> ClipVideo:
    names = ["ApplyEyeMakeup", "run", "brush_hair with a friend"]
    model = build(load_method("x_clip-common", changes), Backbone.random(config), names, frames).double()
    return shaken(model)


@pytest.mark.parametrize(("config", "videos", "frames", "changes"), CASES, ids=lambda value: str(value)[:40])
def test_logits_and_gradients_equal_the_equations(
    config: BackboneConfig, videos: int, frames: int, changes: dict[str, Any]
) -> None:
    model = random_model(config, frames, changes)
    side, numbers = config.image_size, torch.Generator().manual_seed(4)
    clips = torch.randn(videos, frames, 3, side, side, generator=numbers, dtype=torch.float64)
    labels = torch.tensor([2, 0, 1])[:videos]
    fast = model(clips)
    torch.nn.functional.cross_entropy(fast, labels).backward()
    weights: dict[str, Tensor] = {
        name: tensor.detach().clone().requires_grad_(name != "token_embedding.weight")
        for name, tensor in model.state_dict().items()
    }
    texts = [row[: int(row.argmax()) + 1].tolist() for row in model.tokens]
    sizes = Sizes(config.patch_size, config.vision_heads, config.text_heads, config.vision_layers, config.text_layers)
    blocks = len(model.mit.resblocks) if "mit.positional_embedding" in weights else 0
    layers = len(model.prompt.layers) if "prompt.alpha" in weights else 0
    slow = torch.stack([oracle.logits(weights, sizes, clip, texts, blocks, layers) for clip in clips])
    torch.nn.functional.cross_entropy(slow, labels).backward()
    assert torch.allclose(fast, slow, rtol=1e-10, atol=1e-10)
    for name, parameter in model.named_parameters():
        found, expected = parameter.grad, weights[name].grad
        found = torch.zeros_like(parameter) if found is None else found
        expected = torch.zeros_like(parameter) if expected is None else expected
        assert torch.allclose(found, expected, rtol=1e-8, atol=1e-11), name
