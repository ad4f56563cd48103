"""Ablations, baselines and weight-space ensembles at the tiny size: every stored array, in float64 and float32."""

from __future__ import annotations

from typing import Any

import goldens
import numpy as np
import pytest
import torch
from torch import Tensor

from tcclip.evaluation.predict import probabilities
from tcclip.models import canonical_state, ensemble, load_canonical
from tcclip.models.clip_video import ClipVideo

GOLDEN = goldens.arrays("variants")
INFO = goldens.meta(GOLDEN)
CONFIG = INFO["config"]
TC = goldens.tc_overrides(CONFIG)
DTYPES = pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=["float64", "float32"])


def near(found: Tensor, name: str, tolerance: float) -> None:
    assert np.abs(found.detach().numpy() - GOLDEN[name]).max() <= tolerance, name


def check(tag: str, network: ClipVideo, dtype: torch.dtype, tolerance: float) -> None:
    clip = goldens.video(str(GOLDEN[f"{tag}/video_key"]), CONFIG, dtype, batch=2)
    seen, logits = goldens.look(network, clip), network(clip)
    near(logits, f"{tag}/logits", tolerance)
    near(torch.nn.functional.cross_entropy(logits, torch.tensor(INFO["labels"])), f"{tag}/loss", tolerance)
    near(seen.image_features, f"{tag}/image_features", tolerance)
    near(seen.text_features, f"{tag}/text_features", tolerance)
    if f"{tag}/frame_features" in GOLDEN:
        near(seen.frame_features, f"{tag}/frame_features", tolerance)
        tokens, stored = network.tokens.numpy(), GOLDEN[f"{tag}/tokens"]
        assert np.array_equal(tokens, stored[:, : tokens.shape[1]]) and not stored[:, tokens.shape[1] :].any()
    if f"{tag}/context_features" in GOLDEN:
        near(seen.context_features, f"{tag}/context_features", tolerance)
        for number, output in enumerate(seen.layers):
            assert np.array_equal(output.seeds.numpy(), GOLDEN[f"{tag}/seed_index"][:, number])
            assert np.array_equal(output.group.numpy(), GOLDEN[f"{tag}/group"][:, number])


@DTYPES
@pytest.mark.parametrize(
    ("tag", "method", "overrides"),
    [
        ("nobias", "tc_clip", {**TC, "vision.bias": False}),
        ("joint", "tc_clip", {**TC, "pos": "joint"}),
        ("vifi", "vifi_clip", {}),
        ("vanilla", "vanilla_clip", {}),
    ],
)
def test_a_variant_is_a_change_in_the_method_file(
    tag: str, method: str, overrides: dict[str, Any], dtype: torch.dtype
) -> None:
    network = goldens.model(method, overrides, INFO, dtype)
    check(tag, network, dtype, 5e-7 if dtype == torch.float64 else 1e-4)


@DTYPES
@pytest.mark.parametrize(("tag", "w"), [("we07", 0.7), ("we10", 1.0)])
def test_weight_space_ensembling(tag: str, w: float, dtype: torch.dtype) -> None:
    network = goldens.model("tc_clip", TC, INFO, torch.float32)
    tuned = goldens.weights(network, "ft/")
    clip = canonical_state(network, trained_only=False)
    del tuned["token_embedding.weight"]
    load_canonical(network, ensemble(clip, tuned, w))
    if tag == "we07":
        assert network.logit_scale.item() == pytest.approx(4.1815511)
    check(tag, network.to(dtype), dtype, 1e-4 if dtype == torch.float32 else 2e-6 if w < 1 else 5e-7)


def test_both_weight_sets_are_those_of_the_convention() -> None:
    config = goldens.convention.clip_shapes(CONFIG) | goldens.convention.extra_shapes(CONFIG)
    joint = (CONFIG["frames"], *config["visual.positional_embedding"])
    shapes = config | {"visual.positional_embedding_joint": joint}
    for name, probe in zip(GOLDEN["probe_names"].tolist(), GOLDEN["probe_values"], strict=True):
        prefix = "ft/" if name.startswith("ft/") else ""
        flat = goldens.value(name.removeprefix("ft/"), shapes[name.removeprefix("ft/")], prefix).double().flatten()
        found = torch.cat([torch.nn.functional.pad(flat[:3], (0, 3 - min(3, len(flat)))), flat.mean()[None]])
        assert np.allclose(found.numpy(), probe[:4], atol=1e-7), name


@DTYPES
def test_gradient_norms_of_the_baseline_are_the_authors(dtype: torch.dtype) -> None:
    network = goldens.model("vifi_clip", {}, INFO, dtype)
    clip = goldens.video(str(GOLDEN["vifi/video_key"]), CONFIG, dtype, batch=2)
    found = goldens.gradients(network, clip, INFO["labels"])
    assert set(found) == set(GOLDEN["vifi/grad_names"].tolist())
    for name, norm in zip(GOLDEN["vifi/grad_names"], GOLDEN["vifi/grad_l2"], strict=True):
        relative = 1e-7 if dtype == torch.float64 else 2e-4
        assert found[name].double().norm().item() == pytest.approx(norm, rel=relative), name


def test_views_of_one_video_are_summed_as_probabilities() -> None:
    model = goldens.model("vifi_clip", {}, INFO, torch.float64)
    clip = goldens.video(str(GOLDEN["vifi/video_key"]), CONFIG, torch.float64, batch=2)
    with torch.no_grad():
        near(probabilities(model(clip)).sum(dim=0), "views/scores", 5e-7)
