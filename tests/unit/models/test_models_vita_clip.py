"""Vita-CLIP's kinds: what they start as, what they refuse, what their graph keeps, and what an ensemble mixes."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from small_models import CLASSES, CONFIG, backbone, same_when_computed_twice, small

from tcclip.errors import UserError
from tcclip.models import Backbone, BackboneConfig, build, canonical_state, ensemble
from tcclip.models.class_part import ClassParts
from tcclip.models.clip_video import ClipVideo
from tcclip.params import load_method
from tcclip.training.trained import freeze_others, learning_of

VIDEO = torch.randn(2, 4, 3, 32, 32, generator=torch.Generator().manual_seed(0))
METHOD = load_method("vita_clip")


def training(overrides: dict[str, Any] | None = None, layers: int = 3) -> ClipVideo:
    """A model as a training has it."""
    model = small("vita_clip", overrides, layers=layers)
    freeze_others(model, learning_of(model, load_method("vita_clip", overrides)))
    return model


def test_new_weights_start_as_in_the_authors_code() -> None:
    config = BackboneConfig(32, 8, 128, 2, 2, 64, 2, 2, 128)
    start = build(METHOD, Backbone.random(config), CLASSES, 4).state_dict()
    prompts = (6 / (3 * 8**2 + 128)) ** 0.5
    even = {"global_prompts": prompts, "local.0.prompts": prompts, "local.1.prompts": prompts}  # uniform within +- this
    even |= {f"cls_proj.{i}.{leaf}": 128**-0.5 for i in range(2) for leaf in ("weight", "bias")}
    even |= {
        f"summary.{i}.attn.{leaf}": (6 / 256) ** 0.5 for i in range(2) for leaf in ("in_proj_weight", "out_proj.weight")
    }
    for name, bound in even.items():
        assert 0.95 * bound < start[name].abs().max() <= bound, name
        assert start[name].std().item() == pytest.approx(bound / 3**0.5, rel=0.15), name
    for name in ("visual.time_embedding", "text_prompts"):
        assert start[name].std().item() == pytest.approx(0.02, rel=0.1) and start[name].abs().max() > 0.04, name
    for i in range(2):
        assert start[f"summary.{i}.ln.weight"].eq(1).all() and not start[f"summary.{i}.ln.bias"].any()
        assert not start[f"summary.{i}.attn.in_proj_bias"].any() and not start[f"summary.{i}.attn.out_proj.bias"].any()
    assert start["text_prompts"].shape == (3, 8, 64) and start["global_prompts"].shape == (2, 8, 128)
    assert not start["local.0.prompts"].equal(start["local.1.prompts"])


@torch.no_grad()
def test_the_order_of_frames_reaches_the_logits_through_time_and_local_prompts_alone() -> None:
    model, clip = small("vita_clip").double(), VIDEO.double()
    for table in (model.visual.time_embedding, *(local.prompts for local in model.local)):
        assert not torch.allclose(model(clip), model(clip.flip(1)), atol=1e-7)
        table.zero_()
    assert torch.allclose(model(clip), model(clip.flip(1)), atol=1e-11)


def test_gradients_arrive_at_all_that_is_trained_and_at_nothing_else() -> None:
    model = training()
    model(VIDEO).logsumexp(1).sum().backward()
    found = {name for name, weight in model.named_parameters() if weight.grad is not None}
    assert found == set(learning_of(model, METHOD).trained)
    assert "cls_proj.0.weight" not in found and "logit_scale" in found


def test_a_frozen_projection_stays_frozen_where_everything_is_trained() -> None:
    for asked in (False, True):
        method = load_method("vita_clip", {"train": True, "vision.train_cls_proj": asked})
        model = build(method, backbone(), CLASSES, 4)
        trained = set(learning_of(model, method).trained)
        assert ("cls_proj.0.weight" in trained) == asked and "visual.conv1.weight" in trained


def test_frozen_towers_keep_nothing_for_their_own_gradients() -> None:
    kept = {}
    for part in ("frozen", "trained"):
        model = training()
        if part == "trained":
            model.requires_grad_()
        sizes: list[int] = []
        with torch.autograd.graph.saved_tensors_hooks(lambda t, s=sizes: s.append(t.numel()) or t, lambda t: t):
            model(VIDEO)
        kept[part] = sum(sizes)
    assert kept["frozen"] < 0.8 * kept["trained"]


@pytest.mark.parametrize("per_class", [False, True])
def test_class_texts_are_encoded_anew_at_every_step_because_their_vectors_learn(per_class: bool) -> None:
    model = training({"text.per_class": per_class})
    shared = ClassParts(model).of_step()
    model(VIDEO, shared.cut).sum().backward()
    assert model.text_prompts.grad is None
    shared.backward()
    assert model.text_prompts.grad is not None and model.text_prompts.grad.abs().sum() > 0


@torch.no_grad()
def test_a_look_makes_the_vectors_that_all_classes_share_a_videos_own() -> None:
    model = small("vita_clip", {"text.per_class": False, "look": {"kind": "prompts", "at": "frames"}})
    texts = model.encode_text(model.encode_video(VIDEO), model.encode_classes())  # (B, C, E)
    assert texts.shape == (2, 3, CONFIG.embed_dim) and not torch.allclose(texts[0], texts[1], atol=1e-4)


@pytest.mark.parametrize(
    "changes", [{}, {"vision.summary": False}, {"vision.local": False, "vision.n_global": 0}], ids=str
)
def test_layers_that_are_computed_twice_change_no_gradient(changes: dict[str, Any]) -> None:
    assert same_when_computed_twice("vita_clip", changes, VIDEO)


@torch.no_grad()
def test_bf16_gives_float32_logits_near_those_of_float32() -> None:
    model = small("vita_clip")
    exact = model(VIDEO)
    with torch.autocast("cpu", torch.bfloat16):
        half = model(VIDEO)
    assert half.dtype == torch.float32 and (half - exact).abs().max() < 0.03 * exact.abs().max()


@pytest.mark.parametrize("learning", [False, True])
def test_the_forward_pass_compiles_to_one_graph(learning: bool) -> None:
    torch.compiler.reset()
    model = training(layers=2)
    compiled = torch.compile(model, backend="eager", fullgraph=True)
    with torch.set_grad_enabled(learning):
        assert torch.allclose(compiled(VIDEO), model(VIDEO), atol=1e-5)


def test_an_ensemble_mixes_clips_weights_and_leaves_the_new_ones_as_trained() -> None:
    clip, tuned = backbone().tensors, {name: tensor + 1 for name, tensor in canonical_state(small("vita_clip")).items()}
    start = ensemble(clip, tuned, 0.0)
    new = {name for name in tuned if name not in clip}
    assert len(new) == 3 + CONFIG.vision_layers * 9
    for name, tensor in tuned.items():
        assert start[name].equal(tensor if name in new else clip[name]), name


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"vision.bias": True}, "vision.bias true does not go with vision.kind 'prompts'"),
        ({"vision.summary": False, "vision.local": False, "vision.n_global": 0}, "leave nothing of vision.kind"),
        ({"vision.summary": False, "vision.local": False, "vision.train_cls_proj": True}, "has no effect without"),
        ({"look": {"kind": "prompts", "at": "frames"}}, "look 'prompts' does not go with text.per_class true"),
        ({"text.n_ctx": 0}, "text.n_ctx"),
        ({"vision.n_global": -1}, "vision.n_global"),
    ],
)
def test_what_cannot_work_together_is_refused(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        load_method("vita_clip", changes)


def test_the_own_recipe_is_the_published_one_and_the_common_one_the_paper_s() -> None:
    for protocol in ("zero_shot", "fully_supervised"):
        values = METHOD.protocols[protocol]
        assert [values[key] for key in ("epochs", "warmup_epochs", "lr", "lr_min", "total_batch")] == [
            32,
            0,
            4e-4,
            0,
            256,
        ]
    common, base = load_method("vita_clip-common"), load_method("vifi_clip")
    assert common.recipe == base.recipe and common.sampling == base.sampling and not common.protocols
    assert (common.vision, common.text, common.pos) == (METHOD.vision, METHOD.text, METHOD.pos)
    assert (METHOD.sampling.stride, METHOD.norm, METHOD.centre.short_side) == (16, "clip", 224)
