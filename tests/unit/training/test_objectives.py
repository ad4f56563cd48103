"""What the objectives of coming methods need, shown by small ones: the loop takes them as they are."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from several_processes import done
from tiny_world import CLASSES, make_world, protocol, same, training_job
from torch import Tensor

from tcclip.errors import UserError
from tcclip.models import Backbone, build
from tcclip.models.class_part import ClassPart
from tcclip.models.clip_video import ClipVideo
from tcclip.params import load_method
from tcclip.params.kinds.make import make
from tcclip.process import distributed
from tcclip.training.batches import Batch
from tcclip.training.objective.objective import Learner, Moment
from tcclip.training.setup import Setup, check_shares, prepare
from tcclip.training.state import Progress
from tcclip.training.step import optimizer_step

AT = Moment(seed=5, epoch=0, iteration=0)


@dataclass
class Distilled:
    """FROSTER: the logits of a frozen CLIP, too."""

    learner: Learner
    teacher: ClipVideo
    gathers = False

    @classmethod
    def make(cls, learner: Learner) -> Distilled:
        teacher = build(load_method("vanilla_clip"), learner.backbone(), CLASSES, 4)
        return cls(learner, teacher.requires_grad_(False))

    def begin(self, at: Moment) -> ClassPart:
        return ClassPart.of(self.learner.model)

    def loss(self, shared: ClassPart, batch: Batch, at: Moment) -> tuple[Tensor, Tensor]:
        logits, wanted = self.learner.logits(batch.clips, shared.cut, at), self.teacher(batch.clips)
        loss = F.cross_entropy(logits, batch.labels) + F.mse_loss(logits, wanted)
        return loss, (logits.argmax(1) == batch.labels).sum()

    def end(self, shared: ClassPart) -> None:
        shared.backward()


@dataclass
class InBatch:
    """OST: the videos of all processes against their texts, both ways."""

    learner: Learner
    gathers = True

    def begin(self, at: Moment) -> ClassPart:
        return ClassPart.of(self.learner.model)

    def loss(self, shared: ClassPart, batch: Batch, at: Moment) -> tuple[Tensor, Tensor]:
        seen = self.learner.model.encode_video(batch.clips)
        videos = F.normalize(seen.frames.mean(1), dim=-1)  # (B, E)
        texts = F.normalize(self.learner.model.encode_text(seen, shared.cut)[batch.labels], dim=-1)
        others, names = distributed.all_gather(videos), distributed.all_gather(texts)  # (processes * B, E)
        alike = batch.labels[:, None] == distributed.all_gather(batch.labels)
        targets = alike / alike.sum(1, keepdim=True)
        ways = F.cross_entropy(10 * videos @ names.T, targets), F.cross_entropy(10 * texts @ others.T, targets)
        return sum(ways) / 2, (
            (videos @ names.T).argmax(1, keepdim=True) == alike.float().argmax(1, keepdim=True)
        ).sum()

    def end(self, shared: ClassPart) -> None:
        shared.backward()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_world(tmp_path_factory.mktemp("world"))


def setup_of(world: Path, method: str = "vifi_clip") -> Setup:
    return prepare(training_job(world, method=method, protocol=protocol(total_batch=4, micro_batch=2)))


def learner_of(setup: Setup) -> Learner:
    return Learner(setup.model, setup.device, "fp32", lambda: Backbone.load(setup.job.backbone))


def batches() -> Iterator[Batch]:
    """The same two micro-batches of two videos again and again."""
    draws = torch.Generator().manual_seed(1)
    clips = [torch.randn(2, 4, 3, 32, 32, generator=draws) for _ in range(2)]
    while True:
        yield Batch(clips[0], torch.tensor([0, 1]), ["a", "b"])
        yield Batch(clips[1], torch.tensor([2, 0]), ["c", "d"])


def whole_batch() -> Batch:
    first, second = next(given := batches()), next(given)
    return Batch(torch.cat([first.clips, second.clips]), torch.cat([first.labels, second.labels]), list("abcd"))


def gradients(model: ClipVideo) -> dict[str, Tensor]:
    return {name: weight.grad.clone() for name, weight in model.named_parameters() if weight.grad is not None}


def gradients_of(objective: Any, batch: Batch, model: ClipVideo) -> dict[str, Tensor]:
    shared = objective.begin(AT)
    objective.loss(shared, batch, AT)[0].backward()
    objective.end(shared)
    return gradients(model)


def near(first: dict[str, Tensor], second: dict[str, Tensor]) -> bool:
    scale = max(float(tensor.abs().max()) for tensor in second.values())
    return first.keys() == second.keys() and all(
        torch.allclose(first[name], second[name], rtol=1e-4, atol=1e-6 * scale) for name in first
    )


def test_a_purpose_has_random_numbers_of_its_own() -> None:
    alone = AT.stream("draws").uniform()
    AT.stream("interpolation").uniform(size=100)
    assert AT.stream("draws").uniform() == alone != AT.stream("interpolation").uniform()


def test_a_frozen_teacher_is_loaded_once_and_keeps_its_weights(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    setup, loads, plain = setup_of(world), [], Backbone.load
    monkeypatch.setattr(Backbone, "load", lambda path: (loads.append(path), plain(path))[1])
    objective = Distilled.make(learner_of(setup))
    before = copy.deepcopy(objective.teacher.state_dict())
    setup, progress, given = dataclasses.replace(setup, objective=objective), Progress(), batches()
    for _ in range(3):
        optimizer_step(setup, progress, given, lambda: None)
    assert loads == [setup.job.backbone]
    assert same(before, objective.teacher.state_dict()) and not same(before, setup.model.state_dict())
    assert all(weight.grad is None for weight in objective.teacher.parameters())


def test_in_batch_texts_with_the_videos_of_two_processes_are_those_of_one(world: Path) -> None:
    setup = setup_of(world)
    objective, batch = InBatch(learner_of(setup)), whole_batch()
    loss = objective.loss(objective.begin(AT), batch, AT)[0].item()
    found = gradients_of(objective, batch, setup.model)
    assert "gathered [0, 0]" in done(world, "gathered")
    of_two = torch.load(world / "gathered.pt")
    assert of_two.pop("loss").item() == pytest.approx(loss, rel=1e-6)
    assert near(of_two, found)


def of_half(world: Path) -> None:
    """What a process of two does for the test above: its two of the four videos."""
    setup, batch = setup_of(world), list(zip(range(2), batches(), strict=False))[distributed.rank()][1]
    objective = InBatch(learner_of(setup))
    shared = objective.begin(AT)
    loss, _ = objective.loss(shared, batch, AT)
    (loss / 2).backward()
    objective.end(shared)
    distributed.all_reduce_gradients(weight.grad for weight in setup.parameters.values() if weight.grad is not None)
    total = distributed.all_reduce_sum(loss.detach() / 2)
    if distributed.is_main_process():
        torch.save({**gradients(setup.model), "loss": total}, world / "gathered.pt")


def test_processes_that_gather_must_share_a_step_equally(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    setup = prepare(training_job(world, protocol=protocol(total_batch=8)))
    monkeypatch.setattr(distributed, "world_size", lambda: 3)
    check_shares(setup.objective, setup.budget, setup.job.protocol)  # one of three has two micro-batches of the four
    with pytest.raises(UserError, match=r"3 processes cannot share equally .* a number that divides 4"):
        check_shares(InBatch(learner_of(setup)), setup.budget, setup.job.protocol)


def test_plain_cross_entropy_is_that_of_hard_labels_over_all_classes(world: Path) -> None:
    setup, batch = setup_of(world), whole_batch()
    objective = make(load_method("vifi_clip", {"recipe.objective": "ce"}).recipe.objective, learner_of(setup))
    logits = setup.model(batch.clips)
    expected = -sum(row[label] for row, label in zip(logits.log_softmax(1), batch.labels, strict=True)) / 4
    loss, hits = objective.loss(objective.begin(AT), batch, AT)
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)
    assert hits == sum(int(row.argmax()) == label for row, label in zip(logits, batch.labels, strict=True))
    expected.backward()
    wanted = gradients(setup.model)
    setup.model.zero_grad()
    assert near(gradients_of(objective, batch, setup.model), wanted)


@pytest.mark.parametrize("method", ["tc_clip", "vifi_clip"])
def test_the_class_part_is_computed_once_a_step_and_goes_back_once(world: Path, method: str) -> None:
    setup, entered, left = setup_of(world, method), [], []
    first = setup.model.transformer.blocks[0].ln_1
    first.register_forward_hook(lambda *_: entered.append(1))
    first.register_full_backward_hook(lambda *_: left.append(1))
    optimizer_step(setup, Progress(), batches(), lambda: None)
    assert setup.budget.accumulation == 2 and len(entered) == len(left) == 1


@pytest.mark.parametrize("objective", ["soft_ce", "ce"])
def test_texts_of_which_nothing_is_trained_are_computed_once_a_training(world: Path, objective: str) -> None:
    method = load_method("vifi_clip", {"train": {"parts": ["vision"]}, "recipe.objective.kind": objective})
    setup, entered = prepare(training_job(world, f"frozen-{objective}", method=method)), []
    for module in (setup.model.transformer.blocks[0].ln_1, setup.model.ln_final):
        module.register_forward_hook(lambda *_: entered.append(1))
    before = setup.model.finished(setup.model.encode_classes())
    entered.clear()
    progress, given = Progress(), batches()
    for _ in range(2):
        optimizer_step(setup, progress, given, lambda: None)
    assert len(entered) == 2  # the first layer and the last norm, for two steps of two micro-batches
    assert setup.model.finished(setup.model.encode_classes()).equal(before)


@pytest.mark.parametrize(
    "changes",
    [
        {"recipe.label_smoothing": 0.2, "recipe.mixup.prob": 0.25},
        {"recipe.objective.label_smoothing": 0.2, "recipe.objective.mixup": {"prob": 0.25}},
        {"recipe": {"objective": "soft_ce", "label_smoothing": 0.2, "mixup": {"prob": 0.25}}},
    ],
)
def test_an_objectives_keys_may_stand_beside_it(changes: dict[str, Any]) -> None:
    if "recipe.objective.mixup" in changes:  # in place of the section beside it
        usual = load_method("tc_clip").recipe.objective.mixup.model_dump()
        changes = {**changes, "recipe.objective.mixup": {**usual, **changes["recipe.objective.mixup"]}}
    objective = load_method("tc_clip", changes).recipe.objective
    assert (objective.kind, objective.label_smoothing, objective.mixup.prob) == ("soft_ce", 0.2, 0.25)
    assert objective.mixup.cutmix_alpha == 1.0


def test_where_nothing_is_mixed_the_loss_is_the_cross_entropy_of_smoothed_labels(world: Path) -> None:
    method = load_method("vifi_clip", {"recipe.label_smoothing": 0.3, "recipe.mixup": None})
    setup, batch = prepare(training_job(world, "smoothed", method=method)), whole_batch()
    loss, _ = setup.objective.loss(setup.objective.begin(AT), batch, AT)
    smoothed = F.cross_entropy(setup.model(batch.clips), batch.labels, label_smoothing=0.3)
    assert loss.item() == pytest.approx(smoothed.item(), rel=1e-5)


def test_mixing_is_switched_off_by_null() -> None:
    assert load_method("tc_clip", {"recipe.mixup": None}).recipe.objective.mixup is None


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"recipe.label_smothing": 0.2}, "unknown key 'recipe.label_smothing': did you mean 'label_smoothing'"),
        ({"recipe.mixup.prop": 0.2}, r"recipe.mixup.prop: unknown key: did you mean 'prob'"),
        ({"recipe.label_smoothing": 2}, "label_smoothing: input should be less than or equal to 1 .got 2"),
        ({"recipe.objective": "soft_se"}, "soft_ce"),
    ],
)
def test_a_mistake_in_a_recipe_is_told_with_its_key(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        load_method("tc_clip", changes)
