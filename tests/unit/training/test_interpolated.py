"""The second loss at weights between CLIP's and the trained ones: its gradient, its draws, its memory."""

from __future__ import annotations

import copy
import dataclasses
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from gradients import near
from tiny_world import machine, make_world, protocol, training_job, weights
from torch import Tensor, nn

from tcclip.models import Backbone
from tcclip.params import load_method
from tcclip.process import distributed
from tcclip.process.rng import generator
from tcclip.training import step, train
from tcclip.training.batches import Batch
from tcclip.training.losses import smooth_targets, soft_ce
from tcclip.training.mixing import mix
from tcclip.training.objective.interpolated import Interpolated, clip_weights
from tcclip.training.objective.objective import Moment
from tcclip.training.optimizer import limit_gradients
from tcclip.training.setup import Setup, prepare
from tcclip.training.state import Progress

HARD = {"recipe.label_smoothing": 0, "recipe.mixup": None}
WHOLE = load_method("vifi_clip", {"recipe.objective": "interpolated", **HARD})  # both towers are trained
CLIPS = torch.randn(4, 4, 3, 32, 32, generator=torch.Generator().manual_seed(1))
LABELS = torch.tensor([0, 1, 2, 0])


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_world(tmp_path_factory.mktemp("world"))


def setup_of(world: Path, method: Any, run: str = "run", **changes: Any) -> Setup:
    """A training some way from its start."""
    setup = prepare(training_job(world, run, method, protocol=protocol(total_batch=4, micro_batch=2), **changes))
    moved = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for weight in setup.parameters.values():
            if weight.requires_grad:
                weight += 0.02 * torch.randn(weight.shape, generator=moved)
    return setup


def micro_batches() -> Iterator[Batch]:
    for clips, labels in zip(CLIPS.split(2), LABELS.split(2), strict=True):
        yield Batch(clips, labels, ["a", "b"])


def gradients_of_step(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> tuple[dict[str, Tensor], float]:
    """What arrives at the optimizer of the loop's first step, and the step's loss."""
    found: dict[str, Tensor] = {}

    def keep(*_: object) -> None:
        found.update({name: p.grad.clone() for name, p in setup.parameters.items() if p.grad is not None})

    monkeypatch.setattr(setup.scaler, "step", keep)
    progress = Progress()
    step.optimizer_step(setup, progress, micro_batches(), lambda: None)
    return found, progress.sums.loss / 2


def expected(setup: Setup, share: float, factor: float = 0.5) -> tuple[dict[str, Tensor], float]:
    """The two losses of all four videos by two copies of the model, each with its own weights."""
    clip = Backbone.load(setup.job.backbone).tensors
    total, sums = 0.0, {}
    for part, of_loss in ((0.0, 1.0), (share, factor)):
        model = copy.deepcopy(setup.model)
        with torch.no_grad():
            for name, weight in model.named_parameters():
                if weight.requires_grad:
                    weight.copy_(part * clip[name] + (1 - part) * weight)
        loss = of_loss * F.cross_entropy(model(CLIPS), LABELS)
        loss.backward()
        total += loss.item()
        for name, weight in model.named_parameters():
            if weight.grad is not None:
                sums[name] = sums.get(name, 0) + weight.grad
    return sums, total


@pytest.mark.parametrize("method", ["own", "whole"])
def test_a_step_has_both_losses_and_the_second_gradient_as_it_is_taken(
    world: Path, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    given = WHOLE if method == "whole" else load_method("open_vclip", {"recipe.optimizer.clip_norm": None})
    setup = setup_of(world, given)
    share = generator(5, "interpolation", 0, 0).uniform(0, 0.6)
    gradients, total = expected(setup, share)
    found, loss = gradients_of_step(setup, monkeypatch)
    assert loss == pytest.approx(total, rel=1e-5) and near(found, gradients)
    assert ("text_projection" in found) == (method == "whole") and "logit_scale" in found


def test_layers_that_are_computed_twice_change_no_gradient(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, twice = (setup_of(world, "open_vclip", machine=machine(checkpoint=again)) for again in (False, True))
    (expected, loss), (found, total) = (gradients_of_step(setup, monkeypatch) for setup in (kept, twice))
    assert total == loss and near(found, expected)
    assert all(weight is twice.parameters[name] for name, weight in twice.model.named_parameters())


def test_the_sum_of_all_micro_batches_is_limited_and_not_each_of_them(
    world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = load_method("open_vclip", {"recipe.optimizer.clip_norm": 0.1})
    setup = setup_of(world, given)
    gradients, _ = expected(setup, generator(5, "interpolation", 0, 0).uniform(0, 0.6))
    norm = torch.stack([gradient.norm() for gradient in gradients.values()]).norm()
    assert norm > 0.2
    found, _ = gradients_of_step(setup, monkeypatch)
    assert near(found, {name: 0.1 / (norm + 1e-6) * gradient for name, gradient in gradients.items()})


def test_gradients_that_fp16_has_scaled_are_limited_by_their_own_length() -> None:
    weight = nn.Parameter(torch.zeros(4))
    optimizer = torch.optim.SGD([weight], lr=1.0)
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
    for given, expected in ((0.2, 0.2), (5.0, 0.5)):  # of length 0.4 and 10
        weight.grad = None
        scaler.scale((weight * given).sum()).backward()
        limit_gradients(optimizer, scaler, 1.0)
        assert torch.allclose(weight.grad, torch.full((4,), expected), rtol=1e-4)
        scaler.step(optimizer)
        scaler.update()
    limit_gradients(optimizer, scaler, None)  # nothing is asked for


def objective_of(setup: Setup) -> Interpolated:
    assert isinstance(setup.objective, Interpolated)
    return setup.objective


def most_kept(setup: Setup) -> int:
    """How many tensors the loop's first step keeps at a time for ways back."""
    live: weakref.WeakSet[Kept] = weakref.WeakSet()
    most = 0

    def pack(tensor: Tensor) -> Kept:
        nonlocal most
        live.add(kept := Kept(tensor))
        most = max(most, len(live))
        return kept

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda kept: kept.tensor):
        step.optimizer_step(setup, Progress(), micro_batches(), lambda: None)
    assert not live
    return most


class Kept:
    """A tensor that a graph keeps."""

    def __init__(self, tensor: Tensor) -> None:
        self.tensor = tensor


def test_one_graph_is_there_at_a_time(world: Path) -> None:
    alone = most_kept(setup_of(world, load_method("open_vclip", {"recipe.objective": "soft_ce"})))
    assert 20 < alone <= most_kept(setup_of(world, "open_vclip")) < 1.1 * alone


def test_clips_share_is_drawn_for_a_step_and_comes_again_after_a_stop(world: Path) -> None:
    objective = objective_of(setup_of(world, "open_vclip"))
    shares = [objective.share(Moment(5, epoch, at)) for epoch in range(20) for at in range(20)]
    assert 0 <= min(shares) < 0.02 and 0.58 < max(shares) <= 0.6 and len(set(shares)) == 400
    assert sum(shares) / 400 == pytest.approx(0.3, abs=0.03)
    assert objective.share(Moment(5, 3, 4)) == shares[64] != objective.share(Moment(6, 3, 4))


def test_each_process_may_draw_its_own_share(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = {}
    for whose in ("step", "process"):
        objective = objective_of(setup_of(world, load_method("open_vclip", {"recipe.objective.drawn_for": whose})))
        for rank in (0, 1):
            monkeypatch.setattr(distributed, "rank", lambda rank=rank: rank)
            drawn[whose, rank] = objective.share(Moment(5, 3, 4))
    assert drawn["step", 0] == drawn["step", 1] and len(set(drawn.values())) == 3


def test_the_other_end_is_clips_wherever_a_training_starts_and_has_nothing_that_clip_has_not(world: Path) -> None:
    setup = setup_of(world, load_method("x_clip", {"recipe.objective": "interpolated"}))
    clip, found = Backbone.load(setup.job.backbone).tensors, clip_weights(objective_of(setup).learner)
    assert set(found) == {name for name in setup.parameters if name.startswith("visual.")}
    assert all(torch.equal(found[name], clip[name]) for name in found)
    joint = setup_of(world, load_method("vifi_clip", {"recipe.objective": "interpolated", "pos": "joint"}))
    table = clip_weights(objective_of(joint).learner)["visual.positional_embedding_joint"]
    assert all(torch.equal(of_frame, clip["visual.positional_embedding"]) for of_frame in table)


def test_both_losses_are_of_the_same_mixed_videos(world: Path) -> None:
    setup, at, batch = setup_of(world, "open_vclip-common"), Moment(5, 0, 0), next(micro_batches())
    objective, settings = objective_of(setup), setup.job.method.recipe.objective
    assert (settings.label_smoothing, settings.mixup.prob) == (0.1, 1.0)
    clips, targets = mix(batch.clips, smooth_targets(batch.labels, 3, 0.1), settings.mixup, at.stream("mix"))
    shared = objective.begin(at)
    (first, hits), (second, more_hits) = objective.losses(shared, batch, at)
    assert 0 <= hits <= len(batch.labels) and more_hits == 0  # a video is right once
    assert first.item() == pytest.approx(soft_ce(setup.model(clips), targets).item(), rel=1e-5)
    with torch.no_grad():
        for name, weight in shared.between.items():
            setup.parameters[name].copy_(weight)
    assert second.item() == pytest.approx(0.5 * soft_ce(setup.model(clips), targets).item(), rel=1e-5)


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_half_precision_trains_float32_weights_of_the_image_tower_alone(world: Path, precision: str) -> None:
    job = training_job(world, precision, "open_vclip", machine=machine(precision=precision), device="cpu")
    train(dataclasses.replace(job, protocol=protocol(epochs=2, select={"kind": "average", "from_epoch": 1})))
    clip = Backbone.load(world / "backbone").tensors
    trained = weights(job)
    assert {tensor.dtype for tensor in trained.values()} == {torch.float32}
    moved = {name for name, tensor in trained.items() if not torch.equal(tensor, clip[name])}
    assert moved and all(name.startswith("visual.") or name == "logit_scale" for name in moved)


@pytest.mark.parametrize("training", [False, True])
def test_the_forward_pass_compiles_to_one_graph(world: Path, training: bool) -> None:
    model = prepare(training_job(world, "compiled", "open_vclip")).model
    torch.compiler.reset()
    compiled = torch.compile(model, backend="eager", fullgraph=True)
    with torch.set_grad_enabled(training):
        texts = model.finished(model.encode_classes())
        assert torch.allclose(compiled(CLIPS[:2], texts), model(CLIPS[:2], texts), atol=1e-4)
