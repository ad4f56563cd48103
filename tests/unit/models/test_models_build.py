from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from small_models import CONFIG, VIT_B16, backbone, full_size, small

from tcclip.errors import UserError
from tcclip.models import Backbone, canonical_state, ensemble, load_canonical
from tcclip.models.canonical import canonical_shapes
from tcclip.models.summarizer.groups import Summary

METHODS = ["vanilla_clip", "vifi_clip", "tc_clip"]


def test_parameter_counts_are_the_papers_to_the_unit() -> None:
    clip = sum(torch.Size(shape).numel() for shape in canonical_shapes(VIT_B16).values())
    assert clip == 149_620_737
    assert full_size("vifi_clip") == 124_323_841
    assert full_size("tc_clip") == 127_479_561


def test_importing_the_models_loads_no_tokenizer_tracker_or_decoder() -> None:
    code = (
        "import sys, tcclip.models, tcclip.params; "
        "print(sorted({'open_clip', 'mlflow', 'decord', 'av', 'pandas'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.mark.parametrize("method", METHODS)
def test_the_same_arguments_build_the_same_model(method: str) -> None:
    torch.manual_seed(1)
    first = canonical_state(small(method), trained_only=False)
    torch.manual_seed(2)
    second = canonical_state(small(method), trained_only=False)
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_building_draws_no_global_random_numbers() -> None:
    before = torch.get_rng_state()
    small("tc_clip")
    assert torch.equal(before, torch.get_rng_state())


def test_new_parameters_start_as_the_paper_says() -> None:
    model, tensors = small("tc_clip"), backbone().tensors
    last = f"transformer.resblocks.{CONFIG.text_layers - 1}."
    assert model.vp is not None
    assert torch.equal(model.vp.prompt_vectors, tensors["token_embedding.weight"][[320, 1125, 539, 320]])
    assert torch.equal(model.vp.cross_attn.in_proj_weight, tensors[last + "attn.in_proj_weight"])
    assert torch.equal(model.vp.ln_context.weight, tensors[last + "ln_1.weight"])
    assert torch.equal(model.vp.ffn.c_fc.weight, tensors[last + "mlp.c_fc.weight"])
    biases = {name: bias for name, bias in model.named_parameters() if name.startswith("tc.")}
    assert set(biases) == {f"tc.{i}.local_global_bias" for i in range(1, CONFIG.vision_layers)}
    assert not torch.equal(biases["tc.1.local_global_bias"], biases["tc.2.local_global_bias"])
    assert all(0 < bias.abs().max() < 0.1 for bias in biases.values())


def test_training_a_model_leaves_the_backbone_as_it_was() -> None:
    before = {name: tensor.clone() for name, tensor in backbone().tensors.items()}
    model = small("tc_clip")
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(1)
    load_canonical(model, {name: tensor + 1 for name, tensor in model.state_dict().items()})
    assert all(torch.equal(before[name], tensor) for name, tensor in backbone().tensors.items())


def test_what_a_run_saves_fills_another_model() -> None:
    model, other = small("tc_clip"), small("tc_clip")
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.01)
    saved = canonical_state(model, trained_only=True)
    assert "token_embedding.weight" not in saved
    load_canonical(other, saved, trained_only=True)
    video = torch.randn(1, 4, 3, 32, 32)
    assert torch.equal(model(video), other(video))


def test_weights_of_another_model_are_refused() -> None:
    model = small("tc_clip")
    state = canonical_state(model, trained_only=False)
    with pytest.raises(UserError, match=r"lacks 1 tensors.*'logit_scale'"):
        load_canonical(model, {name: tensor for name, tensor in state.items() if name != "logit_scale"})
    with pytest.raises(UserError, match=r"does not know.*'vp.nothing'"):
        load_canonical(model, {**state, "vp.nothing": torch.zeros(1)})
    with pytest.raises(UserError, match=r"'visual.proj' has the shape \(2, 2\)"):
        load_canonical(model, {**state, "visual.proj": torch.zeros(2, 2)})


def test_arrays_are_taken_as_well_as_tensors() -> None:
    model = small("vifi_clip")
    load_canonical(model, {name: tensor.numpy() + 1 for name, tensor in canonical_state(model, False).items()})
    assert model.logit_scale.item() == pytest.approx(backbone().tensors["logit_scale"].item() + 1)


@pytest.mark.parametrize("bias", [True, False])
def test_without_context_tokens_the_vision_tower_is_the_baselines(bias: bool) -> None:
    baseline, model = small("vifi_clip"), small("tc_clip", {"vision.bias": bias, "text.mode": "template"})
    recipe = model.visual.exchange.recipe
    assert recipe is not None
    nothing = replace(
        recipe, summarise=lambda seeds, *_: Summary(seeds[:, :0], torch.zeros(seeds.shape[:2], dtype=torch.int64))
    )
    model.visual.exchange = replace(model.visual.exchange, recipe=nothing)
    video = torch.randn(2, 4, 3, 32, 32)
    assert torch.allclose(model.encode_video(video).frames, baseline.encode_video(video).frames, atol=1e-6)


def test_context_tokens_that_nobody_may_look_at_change_nothing() -> None:
    baseline, model = small("vifi_clip"), small("tc_clip", {"text.mode": "template"})
    with torch.no_grad():
        for layer in model.tc.values():
            layer.local_global_bias[:, 1] = -1e4
    video = torch.randn(2, 4, 3, 32, 32)
    assert torch.allclose(model.encode_video(video).frames, baseline.encode_video(video).frames, atol=1e-6)


def test_joint_positions_start_as_copies_for_every_frame() -> None:
    model, baseline = small("vifi_clip", {"pos": "joint"}), small("vifi_clip")
    assert model.visual.positional_embedding_joint.shape == (4, 17, 32)
    video = torch.randn(2, 4, 3, 32, 32)
    assert torch.allclose(model(video), baseline(video), atol=1e-5)


def test_an_embedding_of_time_is_added_to_every_token_of_a_frame_and_stays_as_trained_in_an_ensemble() -> None:
    model, baseline = small("vifi_clip", {"pos": "time"}), small("vifi_clip")
    tower, start = model.visual, baseline.visual
    assert tower.time_embedding.shape == (4, 32) and 0.01 < tower.time_embedding.std() < 0.03
    video = torch.randn(2, 4, 3, 32, 32)
    tower.ln_pre = start.ln_pre = torch.nn.Identity()
    added = tower.time_embedding[:, None]  # the class token's too
    assert torch.allclose(tower.embed(video) - start.embed(video), added.expand(2, 4, 17, 32), atol=1e-5)
    mixed = ensemble(backbone().tensors, canonical_state(model), 0.0)
    assert torch.equal(mixed["visual.time_embedding"], tower.time_embedding)


def test_the_video_feature_carries_no_gradient_through_vp() -> None:
    model = small("tc_clip")
    model.encode_text(model.encode_video(torch.randn(1, 4, 3, 32, 32)), model.encode_classes()).sum().backward()
    assert all(parameter.grad is None for parameter in model.visual.parameters())
    assert model.vp is not None and model.vp.prompt_vectors.grad is not None


def test_half_precision_autocast_gives_close_and_repeatable_logits() -> None:
    model, video = small("tc_clip"), torch.randn(2, 4, 3, 32, 32)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        first, second = model(video), model(video)
    assert torch.equal(first, second)
    assert (first - model(video)).abs().max() < 1
    with torch.autocast("cpu", torch.bfloat16):
        model(video).sum().backward()
    assert all(parameter.grad is not None and parameter.grad.isfinite().all() for parameter in model.parameters())


def test_a_backbone_survives_saving(tmp_path: Path) -> None:
    stored = Backbone(CONFIG, backbone().tensors, {"run": [49406, 1, 49407]})
    stored.save(tmp_path, {"source": "random"})
    loaded = Backbone.load(tmp_path)
    assert loaded.config == CONFIG and loaded.tokens == stored.tokens
    assert all(torch.equal(loaded.tensors[name], tensor) for name, tensor in stored.tensors.items())
    (tmp_path / "tokens.json").unlink()
    assert Backbone.load(tmp_path).tokens == {}  # texts are tokenised where they are needed
    (tmp_path / "backbone.json").unlink()
    with pytest.raises(UserError, match=r"backbone\.json"):
        Backbone.load(tmp_path)


def test_random_backbones_follow_their_seed() -> None:
    one, two = Backbone.random(CONFIG, 1).tensors["visual.proj"], Backbone.random(CONFIG, 2).tensors["visual.proj"]
    assert torch.equal(one, Backbone.random(CONFIG, 1).tensors["visual.proj"]) and not torch.equal(one, two)


def test_ensembles_run_from_clip_to_the_tuned_model() -> None:
    clip, model = backbone().tensors, small("tc_clip")
    tuned = {name: tensor + 1 for name, tensor in canonical_state(model).items()}
    start, half, end = (ensemble(clip, tuned, w) for w in (0.0, 0.5, 1.0))
    assert torch.equal(start["visual.proj"], clip["visual.proj"])
    assert torch.allclose(half["visual.proj"], clip["visual.proj"] + 0.5)
    assert torch.equal(end["visual.proj"], tuned["visual.proj"])
    assert torch.equal(start["vp.prompt_vectors"], tuned["vp.prompt_vectors"])
    assert torch.equal(start["token_embedding.weight"], clip["token_embedding.weight"])
    load_canonical(model, half)
