"""Logits and losses are float32 whatever the precision of the towers (methods.md 1.5): halves would tie and flip."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import pytest
import torch
from small_models import CLASSES, CONFIG, backbone

from tcclip.bench import oracle, plain
from tcclip.bench.world import outside_texts
from tcclip.models import build
from tcclip.models.clip_video import ClipVideo
from tcclip.models.score.scoring import in_float32
from tcclip.models.vision.layers import LayerOutput
from tcclip.params import load_method
from tcclip.params.spellings import TEXT_MODES
from tcclip.training.losses import smooth_targets, soft_ce

METHODS = sorted(path.stem for path in Path("params/methods").glob("[!_]*.yaml"))
SMALL = {"tc.k": 5, "tc.alpha": 0.5}
HALVES = pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=["bf16", "fp16"])


@functools.cache
def model_of(method: str, **changes: Any) -> ClipVideo:
    """Of either dtype's test; keys of `changes` have _ for the dot."""
    small = SMALL if load_method(method).tc else {}
    layers = {"vision.layers_infuse": "all"} if method == "tc_clip_light" else {}  # a fourth layer is not there
    changed = {key.replace("_", ".", 1): value for key, value in changes.items()}
    settings = load_method(method, {**small, **layers, **changed})
    return build(settings, backbone(), CLASSES, 4, texts=outside_texts(CLASSES))


def logits_of(method: str, dtype: torch.dtype, **changes: Any) -> torch.Tensor:
    with torch.autocast("cpu", dtype):
        logits: torch.Tensor = model_of(method, **changes)(torch.randn(2, 4, 3, 32, 32))
    return logits


@HALVES
@pytest.mark.parametrize("method", METHODS)
def test_every_methods_logits_and_loss_are_float32_under_autocast(method: str, dtype: torch.dtype) -> None:
    logits = logits_of(method, dtype)
    targets = smooth_targets(torch.tensor([0, 2]), len(CLASSES), 0.1)
    with torch.autocast("cpu", dtype):
        loss = soft_ce(logits, targets)
    assert logits.dtype == loss.dtype == torch.float32


@HALVES
@pytest.mark.parametrize("mode", TEXT_MODES)
def test_every_text_modes_logits_are_float32_under_autocast(mode: str, dtype: torch.dtype) -> None:
    prompt = {"text_prompt": "{name}"} if mode == "name" else {}
    assert logits_of("tc_clip", dtype, text_mode=mode, **prompt).dtype == torch.float32


@HALVES
def test_of_ten_thousand_random_cosines_no_two_of_a_video_tie_in_the_head(dtype: torch.dtype) -> None:
    head = build(load_method("tc_clip", SMALL), backbone(), CLASSES, 4).composition.score
    torch.manual_seed(3)
    videos, texts = torch.randn(100, 512).to(dtype), torch.randn(100, 512).to(dtype)
    for of_a_video in (texts, texts.expand(100, -1, -1)):
        with torch.autocast("cpu", dtype):
            logits = head(videos, of_a_video, torch.tensor(100.0))
        assert logits.dtype == torch.float32 and all(len(row.unique()) == 100 for row in logits)
        exact = 100 * torch.cosine_similarity(videos.double()[:, None], texts.double()[None], dim=2)
        assert (logits - exact).abs().max() < 1e-4


@HALVES
def test_a_kind_of_score_that_does_not_think_of_precision_is_float32_too(dtype: torch.dtype) -> None:
    with torch.autocast("cpu", dtype):
        logits = in_float32(lambda videos, texts, scale: scale * (videos @ texts.T))(
            torch.ones(2, 8, dtype=dtype), torch.ones(3, 8, dtype=dtype), torch.tensor(2.0)
        )
    assert logits.dtype == torch.float32


@HALVES
def test_features_of_frames_context_and_texts_are_float32_so_that_little_is_left_to_round_where_gradients_cancel(
    dtype: torch.dtype,
) -> None:
    model = model_of("tc_clip")
    with torch.autocast("cpu", dtype):
        seen = model.encode_video(torch.randn(2, 4, 3, 32, 32))
        texts = model.encode_text(seen, model.encode_classes())
        rows = 30 * torch.randn(50, 32)
        projected = model.visual.project(LayerOutput(rows[:, None, None])).frames[:, 0]
    assert seen.context is not None
    assert seen.frames.dtype == seen.context.dtype == texts.dtype == torch.float32
    assert torch.equal(projected, model.visual.ln_post(rows) @ model.visual.proj)


def test_float64_stays_float64() -> None:
    model = build(load_method("tc_clip", SMALL), backbone(), CLASSES, 4).double()
    with torch.no_grad():
        assert model(torch.randn(1, 4, 3, 32, 32, dtype=torch.float64)).dtype == torch.float64


@HALVES
def test_what_the_bench_compares_with_has_float32_logits(dtype: torch.dtype) -> None:
    method = load_method("tc_clip", SMALL)
    model = build(method, backbone(), CLASSES, 4)
    assert method.tc is not None
    with torch.no_grad(), torch.autocast("cpu", dtype):
        weights, video = dict(model.state_dict()), torch.randn(1, 4, 3, 32, 32)
        assert plain.logits(weights, CONFIG, method.tc, model.tokens, video).dtype == torch.float32
        assert oracle.logits(weights, CONFIG, method, model.tokens, video).dtype == torch.float32


def test_at_a_fixed_temperature_logits_are_cosines_over_it_and_the_scale_learns_nothing() -> None:
    method = load_method("vifi_clip", {"score": {"kind": "fixed_cosine", "temperature": 0.07}})
    model, video = build(method, backbone(), CLASSES, 4), torch.randn(2, 4, 3, 32, 32)
    free = build(load_method("vifi_clip"), backbone(), CLASSES, 4)
    logits = model(video)
    assert torch.allclose(logits * 0.07, free(video) / free.logit_scale.exp(), atol=1e-6)
    logits.sum().backward()
    assert model.logit_scale.grad is None and model.text_projection.grad is not None
