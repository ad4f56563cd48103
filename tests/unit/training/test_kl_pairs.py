"""In-batch matching: the loss is over all videos of a step, however many micro-batches and processes share it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
import torch.nn.functional as F
from gradients import near
from several_processes import done
from tiny_world import CLASSES, evaluation, machine, make_world, protocol, same, training_job, weights
from torch import Tensor, nn

from tcclip.errors import UserError
from tcclip.evaluation import evaluate
from tcclip.models import Backbone
from tcclip.models.class_texts import class_prompts
from tcclip.params import Method, load_method
from tcclip.process import distributed
from tcclip.training import TrainingJob, loop, step, train
from tcclip.training.batches import Batch
from tcclip.training.half_weights import is_held
from tcclip.training.losses import kl, pair_targets
from tcclip.training.objective.kl_pairs import KlPairs
from tcclip.training.objective.objective import Moment
from tcclip.training.optimizer import make_optimizer
from tcclip.training.setup import Setup, check_shares, prepare
from tcclip.training.state import Progress, StoppedError

METHOD = load_method("action_clip-common", {"pool.blocks": 2})


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = make_world(tmp_path_factory.mktemp("world"))
    known = Backbone.load(folder / "backbone")
    texts = class_prompts(METHOD, CLASSES)  # of made-up words; form and class differ
    ids = {text: [49406, *(800 + n // 3,) * (1 + n % 2), 700 + n % 3, 49407] for n, text in enumerate(texts)}
    Backbone(known.config, known.tensors, {**known.tokens, **ids}).save(folder / "backbone")
    return folder


def job(world: Path, run: str, micro_batch: int, method: Method = METHOD, **changes: object) -> TrainingJob:
    budget = protocol(total_batch=4, micro_batch=micro_batch, epochs=2)
    return training_job(world, run, method=method, protocol=budget, **changes)


def matching(**keys: object) -> Method:
    """The method with other keys of its objective."""
    return load_method("action_clip-common", {"pool.blocks": 2, "recipe.objective": {"kind": "kl_pairs", **keys}})


def step_of(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> tuple[dict[str, Tensor], float]:
    """The gradients and the loss of the first step."""
    found: dict[str, Tensor] = {}

    def keep(*_: object) -> None:
        found.update({name: p.grad.clone() for name, p in setup.parameters.items() if p.grad is not None})

    monkeypatch.setattr(setup.scaler, "step", keep)
    clips = torch.randn(4, 4, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    labels, size = torch.tensor([0, 2, 1, 2]), setup.job.protocol.micro_batch
    parts = zip(clips.split(size), labels.split(size), strict=True)
    progress = Progress()
    step.optimizer_step(setup, progress, iter([step.Batch(*part, [""] * size) for part in parts]), lambda: None)
    return found, progress.sums.loss / setup.budget.accumulation


@pytest.fixture
def same_forms(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Templates of four videos, whatever the micro-batches that they are drawn in."""
    forms = [3, 0, 15, 3]
    objective = "tcclip.training.objective.objective.Learner.chosen"
    monkeypatch.setattr(objective, lambda self, count, at: torch.tensor(forms[at.iteration * count :][:count]))
    return forms


@pytest.mark.parametrize("micro_batch", [4, 2, 1])
def test_a_step_in_micro_batches_of_any_size_has_one_loss_and_gradient(
    world: Path, monkeypatch: pytest.MonkeyPatch, same_forms: list[int], micro_batch: int
) -> None:
    setup = prepare(job(world, "sizes", micro_batch))
    found, loss = step_of(setup, monkeypatch)
    model = setup.model
    model.zero_grad()
    clips = torch.randn(4, 4, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    labels = torch.tensor([0, 2, 1, 2])
    texts = model.finished(model.encode_classes()).view(16, 3, -1)[torch.tensor(same_forms), labels]
    videos = model.pooled(model.encode_video(clips))
    logits = model.logit_scale.exp() * F.normalize(videos, dim=-1) @ F.normalize(texts, dim=-1).T
    targets = pair_targets(labels, 10)
    expected = (kl(targets, logits) + kl(targets, logits.T)) / 2
    expected.backward()
    assert loss == pytest.approx(expected.item(), rel=1e-5)
    assert near(found, {name: p.grad for name, p in setup.parameters.items()})  # of all weights, the table's too
    assert "token_embedding.weight" in found and "transf.positional_embedding" in found


@pytest.mark.parametrize("micro_batch", [2, 1])
def test_a_step_of_several_losses_has_their_mean_each_of_its_own_videos_alone(
    world: Path, monkeypatch: pytest.MonkeyPatch, same_forms: list[int], micro_batch: int
) -> None:
    setup = prepare(job(world, "parts", micro_batch, matching(videos=2, directions="sum")))
    found, loss = step_of(setup, monkeypatch)
    model, losses = setup.model, []
    model.zero_grad()
    clips = torch.randn(4, 4, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    labels, scale = torch.tensor([0, 2, 1, 2]), model.logit_scale.exp()
    texts = model.finished(model.encode_classes()).view(16, 3, -1)[torch.tensor(same_forms), labels]
    videos = model.pooled(model.encode_video(clips))
    for part in (slice(0, 2), slice(2, 4)):
        logits = scale * F.normalize(videos[part], dim=-1) @ F.normalize(texts[part], dim=-1).T
        targets = pair_targets(labels[part], 10)
        losses.append(kl(targets, logits) + kl(targets, logits.T))
    expected = sum(losses) / 2
    expected.backward()
    assert loss == pytest.approx(expected.item(), rel=1e-5)
    assert near(found, {name: p.grad for name, p in setup.parameters.items()})


def test_the_authors_division_spares_the_scale(
    world: Path, monkeypatch: pytest.MonkeyPatch, same_forms: list[int]
) -> None:
    whole, _ = step_of(prepare(job(world, "whole", 2)), monkeypatch)
    divided, _ = step_of(prepare(job(world, "divided", 2, matching(divided_by=8))), monkeypatch)
    assert near({**divided, "logit_scale": divided["logit_scale"] / 8}, {n: g / 8 for n, g in whole.items()})


def test_losses_that_do_not_divide_a_step_are_refused(world: Path) -> None:
    with pytest.raises(UserError, match=r"videos 3 does not go with an optimizer step of 2 micro-batches of 2 videos"):
        prepare(job(world, "odd", 2, matching(videos=3)))
    assert prepare(job(world, "few", 2, matching(videos=64))).objective.coupled(2, 2) == 2  # a step of fewer is one


def test_two_processes_compute_the_step_of_one(
    world: Path, monkeypatch: pytest.MonkeyPatch, same_forms: list[int]
) -> None:
    found, loss = step_of(prepare(job(world, "one", 2)), monkeypatch)
    assert "matched [0, 0]" in done(world, "matched")
    of_two = torch.load(world / "matched.pt")
    assert of_two.pop("loss").item() == pytest.approx(loss, rel=1e-6)
    assert near(of_two, found)


def of_half(world: Path) -> None:
    """What a process of two does for the test above: one of the two micro-batches, with the same templates."""
    with pytest.MonkeyPatch.context() as patch:
        objective = "tcclip.training.objective.objective.Learner.chosen"
        patch.setattr(objective, lambda self, count, at: torch.tensor([3, 0, 15, 3][at.iteration * count :][:count]))
        setup = prepare(job(world, "two", 2))
        parts: list[object] = []
        plain = step.waited
        patch.setattr(step, "waited", lambda given, sums: _own(given, parts, plain, sums))
        found, loss = step_of(setup, patch)
    if distributed.is_main_process():
        torch.save({**found, "loss": torch.tensor(loss)}, world / "matched.pt")


def _own(given: object, parts: list[object], plain: object, sums: object) -> object:
    """The micro-batch of this process among those of both."""
    while len(parts) <= distributed.rank():
        parts.append(plain(given, sums))  # type: ignore[operator]
    return parts[distributed.rank()]


def test_a_stopped_training_goes_on_to_the_same_bits(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain, stopped = job(world, "plain", 2), job(world, "stopped", 2)
    train(plain)
    calls: list[int] = []
    real = loop.optimizer_step

    def twice(*given: object) -> None:
        calls.append(1)
        if len(calls) == 5:
            raise StoppedError(15)
        real(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(loop, "optimizer_step", twice)
    with pytest.raises(SystemExit):
        train(stopped)
    monkeypatch.setattr(loop, "optimizer_step", real)
    train(stopped)
    assert same(weights(plain), weights(stopped))
    assert "token_embedding.weight" in weights(plain)


def test_a_trained_run_is_evaluated_as_it_is_and_mixed_with_clip(world: Path) -> None:
    trained = job(world, "trained", 2)
    train(trained)
    subject, (test,) = evaluation(world, "trained")
    tuned = trained.folder / "weights.safetensors"
    subject = dataclasses.replace(subject, method=METHOD, weights=tuned, folder=trained.folder)
    evaluate(
        subject,
        [
            dataclasses.replace(test, name=str(we), we=we, out=test.out.with_name(f"{we}.parquet"))
            for we in (False, True)
        ],
    )
    scores = [pd.read_parquet(test.out.with_name(f"{we}.parquet"))["top5_scores"] for we in (False, True)]
    assert all(np.allclose([sum(row) for row in of_one], 2) for of_one in scores)  # probabilities of two views
    assert not np.allclose(np.stack(scores[0]), np.stack(scores[1]))


@pytest.mark.parametrize("training", [False, True])
def test_the_forward_pass_compiles_to_one_graph(world: Path, training: bool) -> None:
    model = prepare(job(world, "compiled", 2)).model
    torch.compiler.reset()
    compiled, clip = torch.compile(model, backend="eager", fullgraph=True), torch.randn(2, 4, 3, 32, 32)
    chosen = torch.tensor([3, 0]) if training else None
    with torch.set_grad_enabled(training):
        assert torch.allclose(compiled(clip, None, None, chosen), model(clip, None, None, chosen), atol=1e-4)


def test_mixed_precision_trains_with_float32_weights(world: Path) -> None:
    half = job(world, "bf16", 2, machine=machine(precision="bf16"))
    train(half)
    assert {tensor.dtype for tensor in weights(half).values()} == {torch.float32}


def test_a_text_that_several_videos_share_is_made_once(
    world: Path, monkeypatch: pytest.MonkeyPatch, same_forms: list[int]
) -> None:
    setup, seen = prepare(job(world, "shared", 2)), []
    setup.model.transformer.blocks[0].ln_1.register_forward_hook(lambda _, given, __: seen.append(len(given[0])))
    step_of(setup, monkeypatch)  # of classes 0, 2, 1, 2 in forms 3, 0, 15, 3: all differ
    same_forms[:] = [3, 3, 3, 3]
    step_of(setup, monkeypatch)
    assert len(seen) == 2 and seen[1] < seen[0]


def test_a_video_is_right_where_it_is_most_like_a_text_of_its_class_whose_ever_that_is(
    world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    objective, axes, labels = prepare(job(world, "right", 4)).objective, torch.eye(4, 32), torch.tensor([0, 1, 1, 2])
    videos = torch.stack([axes[0], axes[2], axes[0] + 0.5 * axes[1], axes[3]])
    monkeypatch.setattr(KlPairs, "videos", lambda *_: videos)
    monkeypatch.setattr(KlPairs, "texts", lambda *_: axes)
    batch, place = Batch(torch.empty(4), labels, [""] * 4), Moment(5, 0, 0)
    _, hits = objective.loss(objective.look_ahead(None, [(batch, place)]), batch, place)
    assert hits == 3  # the second one by the third one's text; the third one is most like the first one's


def test_processes_share_a_step_equally(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    setup = prepare(job(world, "three", 1))
    monkeypatch.setattr(distributed, "world_size", lambda: 3)
    with pytest.raises(UserError, match="3 processes cannot share equally"):
        check_shares(setup.objective, setup.budget, setup.job.protocol)


def test_which_template_a_video_gets_is_drawn_anew_for_every_video_and_step(world: Path) -> None:
    learner = prepare(job(world, "drawn", 4)).objective.learner
    drawn = torch.stack([learner.chosen(4, Moment(5, epoch, 0)) for epoch in range(50)])
    assert set(drawn.flatten().tolist()) == set(range(16))
    assert torch.equal(drawn[3], learner.chosen(4, Moment(5, 3, 0))) and not torch.equal(drawn[3], drawn[4])


def test_texts_that_look_at_a_video_are_refused() -> None:
    with pytest.raises(UserError, match=r"recipe\.objective\.kind 'kl_pairs' does not go with look\.kind"):
        load_method("tc_clip", {"recipe.objective": "kl_pairs"})
    with pytest.raises(UserError, match=r"text\.test_scale 100 does not go with score\.kind 'fixed_cosine'"):
        load_method("action_clip", {"score": {"kind": "fixed_cosine", "temperature": 0.07}})


def test_weights_held_in_half_precision_lose_small_steps() -> None:
    block = ("attn.in_proj_weight", "attn.in_proj_bias", "attn.out_proj.weight", "mlp.c_fc.bias", "mlp.c_proj.weight")
    first = ("visual.proj", "text_projection", "visual.conv1.weight", *(f"transformer.resblocks.0.{n}" for n in block))
    names = (*first, "visual.ln_post.weight", "visual.transformer.resblocks.0.ln_1.bias", "logit_scale")
    names += ("transf.resblocks.0.mlp.c_fc.weight", "token_embedding.weight", "visual.positional_embedding")
    parameters = {name: nn.Parameter(torch.full((4,), 0.02)) for name in names}
    recipe = load_method("action_clip", {"recipe.optimizer.half_weights": True}).recipe.optimizer
    optimizer = make_optimizer(parameters, recipe, [])
    held = [name for name in names if is_held(name)]
    assert held == list(first)
    rounded = torch.tensor(0.02).half().float()
    assert all((parameters[name] == (rounded if name in held else 0.02)).all() for name in names)
    for rate, moves in ((5e-6, False), (1e-4, True)):  # half a spacing is 7.6e-6 there
        before = {name: parameter.detach().clone() for name, parameter in parameters.items()}
        for group in optimizer.param_groups:
            group["lr"] = rate
        for parameter in parameters.values():
            parameter.grad = torch.ones(4)
        optimizer.step()
        assert all(torch.equal(before[name], parameters[name]) != moves for name in held)
        assert not any(torch.equal(before[name], parameters[name]) for name in names if name not in held)
        assert all(torch.equal(parameters[name].half().float(), parameters[name]) for name in held)
