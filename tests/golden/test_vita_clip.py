"""Vita-CLIP: every stored array, values and gradients, in float64 and float32 (docs/spec/systems/vita_clip.md 4)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import goldens
import numpy as np
import pytest
import system_goldens
import torch
from system_goldens import near
from torch import Tensor

from tcclip.bench.arithmetic import macs, parameters
from tcclip.data.clips.sampling.sampling import Sampling
from tcclip.evaluation.predict import SUMMED
from tcclip.models import skeleton
from tcclip.models.clip_video import ClipVideo
from tcclip.models.vision.prompts import LOCAL, PROJECTION, SUMMARY
from tcclip.params import load_method
from tcclip.params.architecture import BackboneConfig
from tcclip.params.kinds.make import make
from tcclip.training.budget import Budget
from tcclip.training.optimizer import make_optimizer
from tcclip.training.schedule.schedule import Schedule
from tcclip.training.trained import freeze_others, learning_of

GOLDEN, INFO = system_goldens.load("vita_clip")
OTHERS, LABELS = INFO["zeroshot_classes"], torch.tensor(INFO["labels"])
METHOD = load_method("vita_clip")
VIT_B16 = BackboneConfig(224, 16, 768, 12, 12, 512, 8, 12, 512)


class Run(NamedTuple):
    exact: bool  # float64
    model: ClipVideo
    video: Tensor
    layers: list[Tensor]  # tokens (B, T, 1+N, D) before the first layer and after every one
    texts: Tensor  # (C, E)

    @property
    def dtype(self) -> torch.dtype:
        return self.video.dtype


@pytest.fixture(scope="module", params=[torch.float64, torch.float32], ids=["float64", "float32"])
def run(request: pytest.FixtureRequest) -> Iterator[Run]:
    video, network = system_goldens.video(INFO, request.param), model(request.param)
    with torch.no_grad():
        first = network.visual.embed(video)
        outputs = [output.tokens for output in system_goldens.layers(network, video)]
        texts = texts_of(network)
    yield Run(request.param == torch.float64, network, video, [first, *outputs], texts)


def texts_of(network: ClipVideo) -> Tensor:
    """Text features (C, E), which no video changes."""
    found = network.finished(network.encode_classes())
    assert isinstance(found, Tensor)
    return found.detach()


def model(dtype: torch.dtype, overrides: dict[str, Any] | None = None) -> ClipVideo:
    """The method's model, what no training changes frozen."""
    network = system_goldens.model("vita_clip", INFO, dtype, overrides)
    freeze_others(network, learning_of(network, load_method("vita_clip", overrides)))
    return network


def close(found: Tensor, name: str, run: Run, exact: float = 2e-6) -> None:
    near(found, GOLDEN[name], exact if run.exact else 1e-4)


def check_gradients(network: ClipVideo, run: Run, tag: str = "", more: int = 0) -> dict[str, Tensor]:
    """The loss and the norms of all gradients, of which `more` are not among the tag's; the gradients."""
    network.zero_grad()
    loss = torch.nn.functional.cross_entropy(network(run.video), LABELS)
    close(loss, f"{tag}loss", run, 1e-6)
    loss.backward()
    found = {name: weight.grad for name, weight in network.named_parameters() if weight.grad is not None}
    expected = dict(zip(GOLDEN[f"{tag}grad_names"].tolist(), GOLDEN[f"{tag}grad_l2"].tolist(), strict=True))
    assert set(expected) <= set(found) and len(found) == len(expected) + more
    for name, norm in expected.items():
        relative = 1e-7 if run.exact else 1e-4
        assert found[name].double().norm().item() == pytest.approx(norm, rel=relative, abs=0), name
    return found


def test_weights_video_and_texts_are_those_of_the_convention(run: Run) -> None:
    system_goldens.check_probes(GOLDEN, run.model.state_dict())
    goldens.check_video(GOLDEN, run.video)
    goldens.check_tokens(GOLDEN, run.model)
    assert LABELS.tolist() == GOLDEN["labels"].tolist()


@torch.no_grad()
def test_vision(run: Run) -> None:
    close(run.layers[0][0], "embedding", run)
    close(torch.stack([tokens[:, :, 0] for tokens in run.layers[1:]], dim=1), "layer_cls", run)
    for number in (1, 12):
        close(run.layers[number][0], f"layer{number}_tokens", run)
    frames = run.model.encode_video(run.video).frames
    close(frames, "frame_features", run)
    close(frames.mean(dim=1), "video_features", run)


@torch.no_grad()
def test_the_prompts_of_a_layer_are_the_authors(run: Run) -> None:
    for number in (1, 2, 12):
        query = getattr(run.model, PROJECTION)[number - 1](run.layers[number - 1][:, :, 0])
        close(query, f"layer{number}_query", run)
        close(getattr(run.model, SUMMARY)[number - 1](query), f"layer{number}_summary", run)
        close(getattr(run.model, LOCAL)[number - 1](query), f"layer{number}_local", run)


@torch.no_grad()
def test_the_first_frame_of_the_first_layer_sees_what_it_sees_in_the_authors_code(run: Run) -> None:
    exchange, tokens = run.model.visual.exchange, run.layers[0]
    shared, summary = exchange.prompts(run.model, 0, tokens[:, :, 0])
    own = tokens[0, 0]
    close(torch.cat([own[:1], shared[0], own[1:], summary[0, :1]]), "layer1_sequence", run)


@torch.no_grad()
def test_texts_and_logits_are_the_authors(run: Run) -> None:
    close(run.texts, "text_features", run)
    logits = run.model(run.video)
    close(logits, "logits", run, 1e-6)
    close(SUMMED[METHOD.views.combine](logits).sum(dim=0) / 2, "views/scores", run, 1e-6)


def test_gradients_of_all_that_is_trained_are_the_authors_and_the_rest_has_none(run: Run) -> None:
    found = check_gradients(run.model, run)
    frozen = {name for name, weight in run.model.named_parameters() if not weight.requires_grad}
    assert frozen == set(GOLDEN["frozen_names"].tolist()) - {"token_embedding.weight"}
    slices = {
        f"{name}.{i}": found[name][i]
        for name, i in (("global_prompts", 0), ("global_prompts", 11), ("text_prompts", 3))
    }
    full = [name.removeprefix("grad/") for name in GOLDEN if name.startswith("grad/")]
    assert len(full) == 10
    for name in full:
        close({**found, **slices}[name], f"grad/{name}", run)


def test_the_projection_of_the_class_tokens_may_be_trained_too(run: Run) -> None:
    network = model(run.dtype, {"vision.train_cls_proj": True})
    found = check_gradients(network, run, more=24)
    names, norms = GOLDEN["train_cls_proj/grad_names"].tolist(), GOLDEN["train_cls_proj/grad_l2"].tolist()
    assert set(names) == {name for name in found if name.startswith(PROJECTION)}
    for name, norm in zip(names, norms, strict=True):
        assert found[name].double().norm().item() == pytest.approx(norm, rel=1e-7 if run.exact else 1e-4), name


def test_vectors_that_all_classes_share_give_the_authors_texts(run: Run) -> None:
    network = model(run.dtype, {"text.per_class": False})
    texts = texts_of(network)
    close(texts, "generic/text_features", run)
    close(network(run.video, texts), "generic/logits", run, 1e-6)
    found = check_gradients(network, run, "generic/")
    close(found["text_prompts"][:4], "generic/grad/text_prompts", run)


@torch.no_grad()
def test_other_classes_are_bare_names_for_the_same_weights(run: Run) -> None:
    bare = {"text": {"kind": "name", "prompt": "{name}"}}
    assert load_method("vita_clip", bare).text == METHOD.on_other_classes().text
    network = system_goldens.model("vita_clip", INFO, run.dtype, bare, classes=OTHERS)
    tokens, stored = network.tokens.numpy(), GOLDEN["zeroshot/tokens"]
    assert np.array_equal(tokens, stored[:, : tokens.shape[1]]) and not stored[:, tokens.shape[1] :].any()
    texts = texts_of(network)
    close(texts, "zeroshot/text_features", run)
    close(network(run.video, texts), "zeroshot/logits", run, 1e-6)


@torch.no_grad()
@pytest.mark.parametrize(
    ("name", "off"),
    [
        ("no_summary", {"vision.summary": False}),
        ("no_local", {"vision.local": False}),
        ("no_global", {"vision.n_global": 0}),
        ("none", {"vision": "none"}),
    ],
)
def test_every_part_can_be_left_out(run: Run, name: str, off: dict[str, Any]) -> None:
    network = system_goldens.model("vita_clip", INFO, run.dtype, off)
    close(network(run.video, run.texts), f"switch/{name}/logits", run, 1e-6)


def test_a_test_sees_the_authors_frames() -> None:
    sampling: Sampling = make(METHOD.sampling)
    cases = [name for name in GOLDEN if name.startswith("sampling/test_")]
    assert len(cases) == 8
    for name in cases:
        frames, count, stride, views = (int(part[1:]) for part in name.removeprefix("sampling/test_").split("_"))
        assert stride == METHOD.sampling.stride
        found = [sampling.testing(frames, count, view, views, "paper", None) for view in range(views)]
        assert np.array_equal(found, GOLDEN[name]), name


class Extreme:
    """A generator whose draws are the lowest or the highest numbers."""

    def __init__(self, highest: bool) -> None:
        self.highest = highest

    def integers(self, low: int, high: int) -> int:
        return high - 1 if self.highest else low


def test_a_training_sees_the_authors_frames() -> None:
    sampling: Sampling = make(METHOD.sampling)
    cases = [name for name in GOLDEN if name.startswith("sampling/train_")]
    assert len(cases) == 5
    for name in cases:
        frames, draw = name.removeprefix("sampling/train_F").split("_u")
        found = sampling.training(int(frames), 8, Extreme(draw == "1"))  # type: ignore[arg-type]
        assert np.array_equal(found, GOLDEN[name]), name


def test_learning_rates_are_the_authors() -> None:
    schedule: Schedule = make(METHOD.recipe.schedule)
    length = Budget(epochs=30, warmup_epochs=0, iterations=1000, accumulation=1)
    protocol = METHOD.protocols["fully_supervised"]
    rates = [
        schedule(length, *divmod(step, 1000), protocol["lr"], protocol["lr_min"])
        for step in GOLDEN["lr/steps"].tolist()
    ]
    assert rates == pytest.approx(GOLDEN["lr/values"].tolist(), rel=1e-9, abs=1e-15)


def test_one_group_of_rate_and_decay(run: Run) -> None:
    learning = learning_of(run.model, METHOD)
    optimizer = make_optimizer(
        learning.trained, METHOD.recipe.optimizer, run.model.new_names, learning.factors, learning.undecayed
    )
    (group,) = optimizer.param_groups
    assert len(group["params"]) == len(GOLDEN["grad_names"]) == len(learning.trained)
    assert set(learning.trained) == set(GOLDEN["grad_names"].tolist())
    assert (group["factor"], group["weight_decay"], group["betas"], group["eps"]) == (1.0, 0.05, (0.9, 0.999), 1e-8)


@pytest.mark.parametrize(
    ("changes", "frames", "total", "trained"),
    [
        ({}, 16, 161_649_665, 30_238_721),
        ({"vision.train_cls_proj": True}, 16, 161_649_665, 37_325_825),
        ({"text.n_ctx": 16}, 16, 163_288_065, 31_877_121),
        ({"text.per_class": False}, 16, 160_015_361, 28_604_417),
        ({}, 8, 161_569_793, 30_158_849),
        ({"text.n_ctx": 16, "vision.train_cls_proj": True}, 8, 163_208_193, 38_884_353),
    ],
)
def test_all_and_trained_parameters_with_400_classes_are_the_stated_numbers(
    changes: dict[str, Any], frames: int, total: int, trained: int
) -> None:
    """Those of the md less the 768 of a bias that CLIP's convolution has not."""
    method = load_method("vita_clip", changes)
    assert parameters(method, VIT_B16, frames, classes=400) == total
    model = skeleton(method, VIT_B16, torch.tensor([[49406, *range(1, 20), 49407]]).expand(400, -1), frames)
    assert sum(weight.numel() for weight in learning_of(model, method).trained.values()) == trained


@pytest.mark.parametrize(
    ("changes", "frames", "giga"),
    [
        ({}, 16, 303.25),
        ({"vision.summary": False}, 16, 302.21),
        ({"vision.local": False}, 16, 293.98),
        ({"vision.n_global": 0}, 16, 291.35),
        ({"vision": "none"}, 16, 281.02),
        ({}, 8, 149.30),
    ],
)
def test_a_view_takes_the_stated_multiply_accumulates(changes: dict[str, Any], frames: int, giga: float) -> None:
    text = 2_975_000_000  # of 77 tokens
    vision = macs(load_method("vita_clip", changes), VIT_B16, frames) - text
    assert vision / 1e9 == pytest.approx(giga, abs=0.006)
