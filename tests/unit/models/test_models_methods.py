"""Every method file of the suites, on the mini suite's sizes."""

from __future__ import annotations

from functools import cache

import pytest
import torch
from small_models import full_size

from tcclip.bench.world import outside_texts
from tcclip.models import Backbone, build
from tcclip.params import load_method, load_suite
from tcclip.plan import load_plan
from tcclip.training.trained import freeze_others, learning_of

FRAMES = 16


@cache
def mini_backbone() -> Backbone:
    return Backbone.random(load_suite("mini").backbone.architecture)


@pytest.mark.parametrize("name", load_plan("mini").methods)
def test_a_method_compares_a_video_with_classes_and_every_trained_parameter_counts(name: str) -> None:
    method, classes = load_method(name), ["red ball", "green star", "blue square"]
    model = build(method, mini_backbone(), classes, FRAMES, texts=outside_texts(classes))
    freeze_others(model, learning_of(model, method))
    side = model.visual.patch_size * 7
    chosen = torch.tensor([0]) if model.composition.text.of_class > 1 else None  # as in training
    video = torch.randn(1, FRAMES, 3, side, side, generator=torch.Generator().manual_seed(0))
    logits = model(video, chosen=chosen)
    assert logits.shape == (1, 3)
    logits[0, 0].backward()
    assert all((p.grad is not None) == p.requires_grad for p in model.parameters())
    assert logits.isfinite().all()


@pytest.mark.parametrize(
    ("method", "parameters"),
    [
        ("tc_only", 124_324_105),  # ViFi-CLIP and 11 layers of 12 heads with two biases
        ("tc_only-no_bias", 124_323_841),
        ("tc_only-joint", 124_324_105 + 15 * 197 * 768),  # 15 more position tables
        ("vp_only", 127_479_297),
        ("vifi_clip-learnable_prompts", 124_325_889),
        ("tc_clip-late_fusion", 127_477_513),
    ],
)
def test_the_variants_have_these_parameters_at_vit_b16(method: str, parameters: int) -> None:
    assert full_size(method) == parameters
