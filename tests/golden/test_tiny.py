"""TC-CLIP with 64-px frames: every stored array, values and gradients, in float64 and float32."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import goldens
import numpy as np
import pytest
import torch
from torch import Tensor

from tcclip.models.clip_video import ClipVideo

GOLDEN = goldens.arrays("tiny")
INFO = goldens.meta(GOLDEN)


class Run(NamedTuple):
    exact: bool  # float64
    model: ClipVideo
    video: Tensor
    seen: goldens.Seen


@pytest.fixture(scope="module", params=[torch.float64, torch.float32], ids=["float64", "float32"])
def run(request: pytest.FixtureRequest) -> Iterator[Run]:
    model = goldens.model("tc_clip", goldens.tc_overrides(INFO["config"]), INFO, request.param)
    video = goldens.video(INFO["video_key"], INFO["config"], request.param, batch=2)
    yield Run(request.param == torch.float64, model, video, goldens.look(model, video))


def near(found: Tensor, name: str, run: Run) -> bool:
    return bool(np.abs(found.detach().numpy() - GOLDEN[name]).max() <= (5e-7 if run.exact else 1e-4))


def test_weights_and_video_are_those_of_the_convention(run: Run) -> None:
    goldens.check_probes(GOLDEN, run.model.state_dict())
    goldens.check_video(GOLDEN, run.video)


def test_tokens(run: Run) -> None:
    goldens.check_tokens(GOLDEN, run.model)


def test_every_layer_chooses_the_same_seeds_and_groups(run: Run) -> None:
    for number, output in enumerate(run.seen.layers):
        assert np.array_equal(output.seeds.numpy(), GOLDEN["seed_index"][:, number])
        assert np.array_equal(output.group.numpy(), GOLDEN["group"][:, number])
        assert np.abs(output.score.numpy() - GOLDEN["cls_score"][:, number]).max() < (1e-7 if run.exact else 1e-5)


@pytest.mark.parametrize("number", [1, 2, 12])
def test_the_outputs_of_layers_are_the_authors(run: Run, number: int) -> None:
    output = run.seen.layers[number - 1]
    assert near(output.tokens, f"layer{number}_tokens", run)
    assert near(output.context, f"layer{number}_context", run)


def test_the_last_layer_leaves_out_only_what_nobody_reads(run: Run) -> None:
    full, pruned = run.seen.layers[-1], run.seen.last
    assert torch.equal(full.seeds, pruned.seeds) and torch.equal(full.group, pruned.group)
    tolerance = 1e-12 if run.exact else 1e-4
    assert (full.tokens[:, :, :1] - pruned.tokens).abs().max() < tolerance
    assert (full.context - pruned.context).abs().max() < tolerance


def test_features_are_the_authors(run: Run) -> None:
    assert near(run.seen.frame_features, "frame_features", run)
    assert near(run.seen.context_features, "context_features", run)
    assert near(run.seen.image_features, "image_features", run)
    assert near(run.seen.prompts, "prompts_after_vp", run)
    assert near(run.seen.text_features, "text_features", run)


def test_logits_and_losses_are_the_authors(run: Run) -> None:
    logits, labels = run.model(run.video), torch.tensor(INFO["labels"])
    assert labels.tolist() == GOLDEN["labels"].tolist()
    assert near(logits, "logits", run)
    assert near(torch.nn.functional.cross_entropy(logits, labels), "loss", run)
    assert near(torch.nn.functional.cross_entropy(logits, labels, label_smoothing=0.1), "loss_smooth", run)


def test_the_gradient_of_every_parameter_is_the_authors(run: Run) -> None:
    found = goldens.gradients(run.model, run.video, INFO["labels"])
    assert set(found) == set(GOLDEN["grad_names"].tolist())
    for name, norm in zip(GOLDEN["grad_names"], GOLDEN["grad_l2"], strict=True):
        assert found[name].double().norm().item() == pytest.approx(norm, rel=1e-7 if run.exact else 2e-4), name
    full = [name for name in GOLDEN if name.startswith("grad/")]
    assert len(full) == 18
    for name in full:
        assert near(found[name.removeprefix("grad/")], name, run), name
