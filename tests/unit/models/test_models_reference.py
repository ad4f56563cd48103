"""Reference tokens: when frames see nothing new, the tower is the baseline's; and what each variant sees."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from small_models import VIT_B16, backbone, small

from tcclip.errors import UserError
from tcclip.models import Backbone, build
from tcclip.models.canonical import canonical_shapes
from tcclip.params import load_method
from tcclip.params.variants import method_names

TC = {"tc.k": 5, "tc.alpha": 0.5}
VIDEO = torch.randn(3, 4, 3, 32, 32, generator=torch.Generator().manual_seed(0))
STOCHASTIC = ["random", "kmeans", "dpc_knn"]


def frames(method: str, overrides: dict[str, object], video: torch.Tensor = VIDEO) -> torch.Tensor:
    with torch.no_grad():
        found: torch.Tensor = small(method, overrides, frames=video.shape[1]).encode_video(video).frames
    return found


@pytest.mark.parametrize(
    "overrides",
    [
        {"vision.ref": "adjacent", "vision.edge": "mask"},
        {"vision.ref": "adjacent", "vision.edge": "replicate"},
        {"vision.ref": "all"},
    ],
    ids=str,
)
def test_a_video_of_one_frame_has_no_other_frames_to_look_at(overrides: dict[str, object]) -> None:
    assert torch.allclose(
        frames("vifi_clip", overrides, VIDEO[:, :1]), frames("vifi_clip", {}, VIDEO[:, :1]), atol=1e-5
    )


@pytest.mark.parametrize("overrides", [{"vision.ref": "cls"}, {"vision.ref": "adjacent", "vision.edge": "zero"}])
def test_a_second_cls_token_and_zero_keys_take_attention_even_in_one_frame(overrides: dict[str, object]) -> None:
    found, baseline = frames("vifi_clip", overrides, VIDEO[:, :1]), frames("vifi_clip", {}, VIDEO[:, :1])
    assert not torch.allclose(found, baseline, atol=1e-4)


@pytest.mark.parametrize("ref", ["cls", "adjacent"])
def test_reference_tokens_that_nobody_may_look_at_change_nothing(ref: str) -> None:
    model = small("vifi_clip", {"vision.ref": ref, "vision.bias": True})
    assert set(model.tc) == {"0", "1", "2"}
    with torch.no_grad():
        for layer in model.tc.values():
            layer.local_global_bias[:, 1] = -1e4
        assert torch.allclose(model.encode_video(VIDEO).frames, frames("vifi_clip", {}), atol=1e-5)


def test_adjacent_frames_see_each_other_through_as_many_layers_as_they_are_apart() -> None:
    video = VIDEO[:1, :1].repeat(1, 4, 1, 1, 1)
    changed = torch.cat([video[:, :3], VIDEO[1:2, :1]], dim=1)
    near = {"vision.ref": "adjacent", "vision.layers_infuse": [1, 3]}
    moved = (frames("vifi_clip", near, video) - frames("vifi_clip", near, changed)).abs().amax(dim=-1)[0]
    assert moved[0] == 0 and (moved[1:] > 0).all()


@pytest.mark.parametrize("ref", ["cls", "all"])
def test_every_frame_sees_a_change_of_the_last_one(ref: str) -> None:
    changed = torch.cat([VIDEO[:, :3], VIDEO[:, :1]], dim=1)
    moved = frames("vifi_clip", {"vision.ref": ref}) - frames("vifi_clip", {"vision.ref": ref}, changed)
    assert (moved.abs().amax(dim=-1) > 0).all()


@pytest.mark.parametrize(
    "method", [name for name in method_names() if name.startswith(("vifi_clip", "tc_only")) and "-k" not in name]
)
def test_permuting_videos_permutes_their_features(method: str) -> None:
    order = torch.tensor([2, 0, 1])
    overrides = {**TC} if method.startswith("tc") else {}
    found = frames(method, overrides)
    assert torch.allclose(found[order], frames(method, overrides, VIDEO[order]), atol=1e-5)


RECIPES_ALONE = ("-original", "-plain")  # the model is the same


def test_all_variants_are_different_models() -> None:
    every = {
        name: frames(name, {**TC} if name.startswith("tc") else {})
        for name in (
            "tc_only",
            "tc_only-no_bias",
            *(n for n in method_names() if "vifi" in n and "prompts" not in n and not n.endswith(RECIPES_ALONE)),
        )
    }
    every["one layer"] = frames("tc_only", {**TC, "vision.layers_infuse": [3]})
    for key, values in (("tc.selector", SELECTORS), ("tc.summarizer", SUMMARIZERS)):
        every |= {value: frames("tc_only", {**TC, key: value}) for value in values}
    found = list(every.values())
    assert not any(torch.allclose(a, b, atol=1e-6) for i, a in enumerate(found) for b in found[:i])


SELECTORS = ["none", "head_key_norm", "key_norm", "head_cls_attention", "patch_saliency", "ats"]
SUMMARIZERS = ["none", "random", "kmeans", "dpc_knn", "bipartite_attention", "bipartite_saliency"]


@pytest.mark.parametrize("summarizer", STOCHASTIC)
def test_training_draws_anew_and_evaluation_does_not(summarizer: str) -> None:
    model = small("tc_clip", {**TC, "tc.summarizer": summarizer, "tc.dpc_knn.noise": 10.0})
    one, two = (model.visual.draw(np.random.default_rng(seed), 3) for seed in (1, 2))
    assert one is not None and one.shape == (3, 3, 4 * 8)
    with torch.no_grad():
        assert torch.equal(model(VIDEO, draws=one), model(VIDEO, draws=one))
        assert not torch.equal(model(VIDEO, draws=one), model(VIDEO, draws=two))
        assert torch.equal(model(VIDEO), model(VIDEO))
        assert torch.allclose(model(VIDEO)[1:], model(VIDEO[1:]), atol=1e-5)  # whatever batch a video is in


def test_a_video_of_another_length_than_the_draws_is_refused() -> None:
    with pytest.raises(UserError, match=r"draws for 32 seeds of a video and this one has 24: build it .* of 3 frames"):
        small("tc_only-random_merge", TC)(VIDEO[:, :3])


def test_the_default_draws_nothing() -> None:
    assert small("tc_clip").visual.draw(np.random.default_rng(0), 2) is None


def test_kmeans_that_starts_at_every_so_manieth_seed_draws_nothing() -> None:
    strided = {**TC, "tc.summarizer": "kmeans", "tc.kmeans.start": "strided"}
    assert small("tc_clip", strided).visual.draw(np.random.default_rng(0), 2) is None


def test_the_light_variant_has_biases_where_it_reads_and_the_papers_number_of_parameters() -> None:
    tensors = {name: torch.empty(shape, device="meta") for name, shape in canonical_shapes(VIT_B16).items()}
    model = build(load_method("tc_clip_light"), Backbone(VIT_B16, tensors), ["run"], 16)
    assert set(model.tc) == {"3", "7", "11"}
    assert round(sum(parameter.numel() for parameter in model.parameters()) / 1e6, 1) == 127.5


def test_a_backbone_without_the_named_layers_is_refused() -> None:
    with pytest.raises(UserError, match=r"vision\.layers_infuse names layer 4, the backbone has 3"):
        build(load_method("vifi_clip", {"vision.ref": "cls", "vision.layers_infuse": [4]}), backbone(), ["run"], 4)


@pytest.fixture
def forgetful_compiler() -> None:
    """Each method is compiled as if it were the first; torch gives up after eight versions of one function."""
    torch.compiler.reset()


VISION = ["cls_tokens", "adjacent", "all_patches"]
SUMMARIES = ["kmeans", "dpc_knn", "random_merge", "ats", "patch_saliency", "head_key_norm", "bipartite_saliency"]


@pytest.mark.parametrize("method", [f"vifi_clip-{name}" for name in VISION] + [f"tc_only-{n}" for n in SUMMARIES])
@pytest.mark.usefixtures("forgetful_compiler")
def test_a_variant_compiles_without_a_break_in_its_graph(method: str) -> None:
    model = small(method, {**TC} if method.startswith("tc") else {}, layers=2)  # the last layer is another function
    compiled = torch.compile(model.encode_video, backend="eager", fullgraph=True)
    with torch.no_grad():
        assert torch.allclose(compiled(VIDEO).frames, model.encode_video(VIDEO).frames, atol=1e-6)


@pytest.mark.parametrize("method", ["vp_only", "tc_clip-late_fusion", "x_clip"])
@pytest.mark.usefixtures("forgetful_compiler")
def test_text_that_looks_at_videos_compiles_with_classes_kept_under_autocast(method: str) -> None:
    model = small(method, {**TC} if method.startswith("tc") else {}, layers=2)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        classes = model.encode_classes()
        compiled = torch.compile(model, backend="eager", fullgraph=True)
        assert torch.allclose(compiled(VIDEO, classes), model(VIDEO, classes), atol=0.05)
        finished = model.finished(classes)
        assert torch.allclose(compiled(VIDEO, finished), model(VIDEO, classes), atol=0.05)
