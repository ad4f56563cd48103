"""Text modes of Tables 7 and 10: what they learn, how they start, what they cost."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from operations import Operations
from small_models import CLASSES, CONFIG, VIT_B16, backbone, full_size, small

from tcclip.errors import UserError
from tcclip.models import build, canonical_state, ensemble
from tcclip.models.canonical import canonical_shapes
from tcclip.models.look.looking import Looking
from tcclip.params import load_method
from tcclip.training.optimizer import make_optimizer

MODES: list[tuple[str, str]] = [
    ("vifi_clip", "coop"),
    ("vifi_clip", "vp_cls"),
    ("tc_clip", "vp_cls"),
    ("tc_clip", "vp_ctx"),
    ("tc_clip", "late_fusion"),
]


def new_parameters(mode: str, heads: int, layers: int, width: int, n_ctx: int, tc: bool) -> int:
    """Parameters that CLIP has not, by formula: a text block and one more layer norm, prompt vectors, biases."""
    attention = 3 * width * width + 3 * width + width * width + width
    ffn = width * 4 * width + 4 * width + 4 * width * width + width
    block = attention + ffn + 3 * 2 * width
    parts = {"coop": n_ctx * width, "late_fusion": block, "template": 0}
    return parts.get(mode, block + n_ctx * width) + (2 * heads * (layers - 1) if tc else 0)


@pytest.mark.parametrize(("method", "mode"), [*MODES, ("vifi_clip", "template"), ("tc_clip", "template")])
def test_a_mode_adds_the_parameters_of_its_parts_to_the_unit(method: str, mode: str) -> None:
    new = new_parameters(mode, VIT_B16.vision_heads, VIT_B16.vision_layers, VIT_B16.text_width, 4, method == "tc_clip")
    assert full_size(method, {"text.mode": mode}) == 124_323_841 + new


def test_the_sums_for_vit_b16_are_these() -> None:
    assert full_size("vifi_clip", {"text.mode": "coop"}) == 124_325_889
    assert full_size("vifi_clip", {"text.mode": "vp_cls"}) == 127_479_297
    assert full_size("tc_clip", {"text.mode": "late_fusion"}) == 127_477_513
    assert full_size("tc_clip", {"text.mode": "template"}) == 124_324_105


@pytest.mark.parametrize(("method", "mode"), MODES)
def test_all_that_a_mode_adds_learns_ten_times_as_fast_and_is_not_ensembled(method: str, mode: str) -> None:
    model = small(method, {"text.mode": mode})
    clip = canonical_shapes(CONFIG)
    new = {name for name, _ in model.named_parameters() if name not in clip and not name.startswith("tc.")}
    assert new
    optimizer = make_optimizer(dict(model.named_parameters()), load_method(method).recipe.optimizer, model.new_names)
    base, fast = optimizer.param_groups
    assert (base["factor"], fast["factor"]) == (1.0, 10)
    assert {id(p) for p in fast["params"]} == {id(p) for name, p in model.named_parameters() if name in new}
    tuned = {name: tensor + 1 for name, tensor in canonical_state(model).items()}
    mixed = ensemble(backbone().tensors, tuned, 0.0)
    assert all(torch.equal(mixed[name], tuned[name]) for name in new)


@pytest.mark.parametrize("mode", ["coop", "vp_cls"])
def test_learned_prompts_start_as_the_words_of_the_prompt(mode: str) -> None:
    model = small("vifi_clip", {"text.mode": mode})
    assert model.vp is not None
    words = backbone().tensors["token_embedding.weight"][[320, 1125, 539, 320]]
    assert torch.equal(model.vp.prompt_vectors, words)


def test_untrained_prompt_vectors_change_nothing() -> None:
    video = torch.randn(2, 4, 3, 32, 32)
    baseline, model = small("vifi_clip"), small("vifi_clip", {"text.mode": "coop"})
    with torch.no_grad():
        assert torch.allclose(model(video), baseline(video), atol=1e-6)


def test_late_fusion_that_adds_nothing_is_the_fixed_prompt() -> None:
    video = torch.randn(2, 4, 3, 32, 32)
    baseline, model = small("tc_clip", {"text.mode": "template"}), small("tc_clip", {"text.mode": "late_fusion"})
    assert model.vp is not None
    with torch.no_grad():
        for linear in (model.vp.cross_attn.out_proj, model.vp.ffn.c_proj):
            linear.weight.zero_()
            linear.bias.zero_()
        assert torch.allclose(model(video), baseline(video), atol=1e-5)


@pytest.mark.parametrize(("method", "mode"), MODES)
def test_the_text_sends_no_gradient_into_the_vision_tower(method: str, mode: str) -> None:
    model = small(method, {"text.mode": mode})
    model.encode_text(model.encode_video(torch.randn(1, 4, 3, 32, 32)), model.encode_classes()).sum().backward()
    assert all(parameter.grad is None for parameter in model.visual.parameters())
    assert model.vp is not None and all(p.grad is not None for p in model.vp.parameters())


@pytest.mark.parametrize(("method", "mode"), MODES)
def test_every_mode_trains_in_half_precision(method: str, mode: str) -> None:
    model, video = small(method, {"text.mode": mode}), torch.randn(2, 4, 3, 32, 32)
    with torch.autocast("cpu", torch.bfloat16):
        model(video).sum().backward()
    assert all(parameter.grad is not None and parameter.grad.isfinite().all() for parameter in model.parameters())


@pytest.mark.parametrize(("method", "mode"), MODES)
def test_a_classs_logit_does_not_depend_on_the_other_classes(method: str, mode: str) -> None:
    small_tc: dict[str, Any] = {"tc.k": 5, "tc.alpha": 0.5} if method == "tc_clip" else {}
    alone = build(load_method(method, {**small_tc, "text.mode": mode}), backbone(), CLASSES[1:2], 4)
    video = torch.randn(2, 4, 3, 32, 32)
    with torch.no_grad():
        assert torch.allclose(small(method, {"text.mode": mode})(video)[:, 1:2], alone(video), atol=1e-5)


def test_late_fusion_holds_no_map_of_every_class_against_every_context_token() -> None:
    videos, classes, width, heads, context = 2, 256, 32, 4, 160
    block = Looking(width, heads)
    for parameter in block.parameters():
        torch.nn.init.normal_(parameter)
    operations = Operations()
    with torch.no_grad(), operations:
        block(torch.randn(classes, width), torch.randn(videos, context, width))
    largest = max(shape.numel() for shape in operations.shapes)
    assert largest == videos * classes * 4 * width < videos * classes * heads * context


@pytest.mark.parametrize("mode", ["coop", "vp_cls"])
def test_prompts_that_do_not_begin_all_texts_are_refused(mode: str) -> None:
    glued = {"text.mode": mode, "text.prompt": "a photo of a{name}."}  # the last word grows into the name
    with pytest.raises(UserError, match=r"text\.n_ctx"):
        build(load_method("vifi_clip", glued), backbone(), ["run", "bbb"], 4)
