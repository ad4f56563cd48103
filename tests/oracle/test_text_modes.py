"""Every text mode against its equations written out, on random weights: values and gradients, float64."""

from __future__ import annotations

from typing import Any

import pytest
import text_equations
import torch
from test_against_equations import CLASSES, FRAMES, SIZES, TC, random_model

from tcclip.models.clip_video import ClipVideo

CONTEXT = text_equations.Context(TC["tc.alpha"], TC["tc.k"], TC["tc.r"], bias=True)
CASES: list[tuple[str, dict[str, Any]]] = [
    ("vifi_clip", {"text.mode": "coop"}),
    ("vifi_clip", {"text.mode": "coop", "text.n_ctx": 2}),  # the prompt's other words stay words
    ("vifi_clip", {"text.mode": "vp_cls"}),
    ("vifi_clip", {"text.mode": "vp_cls", "text.n_ctx": 1, "text.context_length": 77}),
    ("tc_clip", {**TC, "text.mode": "vp_cls"}),
    ("tc_clip", {**TC, "text.mode": "coop"}),
    ("tc_clip", {**TC, "text.mode": "late_fusion"}),
    ("tc_clip", {**TC, "text.mode": "vp_ctx", "text.n_ctx": 3}),
]


def slow_logits(model: ClipVideo, weights: dict[str, torch.Tensor], videos: torch.Tensor, mode: str) -> torch.Tensor:
    texts = [row[: int(row.argmax()) + 1].tolist() for row in model.tokens]
    tc = CONTEXT if model.visual.exchange.recipe is not None else None
    n_ctx = model.text_recipe.prompts
    return torch.stack([text_equations.logits(weights, SIZES, video, texts, tc, mode, n_ctx) for video in videos])


@pytest.mark.parametrize(("method", "overrides"), CASES, ids=lambda value: str(value))
def test_logits_and_gradients_of_a_text_mode_equal_the_equations(method: str, overrides: dict[str, Any]) -> None:
    model = random_model(method, overrides)
    videos = torch.randn(2, FRAMES, 3, 24, 24, generator=torch.Generator().manual_seed(4), dtype=torch.float64)
    labels = torch.tensor([2, 0])
    fast = model(videos)
    torch.nn.functional.cross_entropy(fast, labels).backward()
    weights = {
        name: tensor.detach().clone().requires_grad_(name != "token_embedding.weight")
        for name, tensor in model.state_dict().items()
    }
    slow = slow_logits(model, weights, videos, overrides["text.mode"])
    torch.nn.functional.cross_entropy(slow, labels).backward()
    assert fast.shape == (2, len(CLASSES))
    assert torch.allclose(fast, slow, rtol=1e-10, atol=1e-10)
    for name, parameter in model.named_parameters():
        found, expected = parameter.grad, weights[name].grad
        assert found is not None, f"{name} is not trained"
        expected = torch.zeros_like(parameter) if expected is None else expected
        assert torch.allclose(found, expected, rtol=1e-8, atol=1e-11), name


@pytest.mark.parametrize(("method", "overrides"), CASES, ids=lambda value: str(value))
def test_class_readers_kept_over_batches_give_a_text_mode_the_same_logits(
    method: str, overrides: dict[str, Any]
) -> None:
    model = random_model(method, overrides)
    videos = torch.randn(3, FRAMES, 3, 24, 24, dtype=torch.float64)
    with torch.no_grad():
        classes = model.encode_classes()
        parts = torch.cat([model(video[None], classes) for video in videos])
        assert torch.allclose(model(videos), parts, rtol=1e-12)
