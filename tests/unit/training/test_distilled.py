"""FROSTER's objective in a training: its teacher, its projectors, its texts, and what of them is kept."""

from __future__ import annotations

import copy
import dataclasses
from pathlib import Path

import pytest
import torch
from rephrased_world import PROMPTS, TEXTS, job_of, method, rephrased_world
from tiny_world import CLASSES, evaluation, machine, same, weights

from tcclip.data.texts.checked_texts import write_texts
from tcclip.errors import UserError
from tcclip.evaluation import evaluate
from tcclip.models import Backbone, build, canonical_state
from tcclip.models.canonical import in_a_test
from tcclip.params import load_method
from tcclip.training import train
from tcclip.training.batches import Batch
from tcclip.training.objective.objective import Moment
from tcclip.training.resuming import tensors
from tcclip.training.setup import Setup, prepare
from tcclip.training.state import Progress
from tcclip.training.step import optimizer_step

FORMS = len(PROMPTS) + 1


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return rephrased_world(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def trained(world: Path) -> dict[str, torch.Tensor]:
    """The weights of a training that nothing interrupts."""
    train(job := job_of(world, "plain"))
    return weights(job)


def noise(videos: int = 2) -> Batch:
    clips = torch.randn(videos, 2, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    return Batch(clips, torch.arange(videos) % 3, [""] * videos)


def step(setup: Setup) -> None:
    optimizer_step(setup, Progress(), iter([noise()] * setup.budget.accumulation), lambda: None)


def test_the_teacher_is_loaded_once_has_no_graph_and_is_kept_nowhere(
    world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads, plain = [], Backbone.load
    monkeypatch.setattr(Backbone, "load", lambda path: (loads.append(path), plain(path))[1])
    setup = prepare(job_of(world, "teacher"))
    teacher = setup.objective.teacher
    assert len(loads) == 2  # the model's and the teacher's
    before = copy.deepcopy(teacher.visual.state_dict())
    for _ in range(3):
        step(setup)
    assert len(loads) == 2 and same(before, teacher.visual.state_dict())
    assert not teacher.frames(noise().clips).requires_grad and not teacher.texts.requires_grad
    assert not any(weight.requires_grad or weight.grad is not None for weight in teacher.visual.parameters())
    kept = set(tensors(setup)["weights"])
    assert kept == set(setup.parameters) and len(kept) == len(set(plain(world / "backbone").tensors)) + 4
    theirs = {weight.data_ptr() for weight in teacher.visual.parameters()}
    assert not theirs & {weight.data_ptr() for weight in setup.parameters.values()}


def test_the_teacher_is_clip_on_single_frames_and_on_all_texts(world: Path) -> None:
    setup, backbone = prepare(job_of(world, "clip")), Backbone.load(world / "backbone")
    teacher, clips = setup.objective.teacher, noise().clips
    plain = build(load_method("vanilla_clip"), backbone, CLASSES, 2)
    with torch.no_grad():
        assert torch.allclose(teacher.frames(clips), plain.encode_video(clips).frames, atol=1e-5)
        assert torch.equal(teacher.frames(clips.flip(1)), teacher.frames(clips).flip(1))  # frames do not see each other
        texts = plain._features(plain.encode_tokens(setup.model.tokens), None)
    assert teacher.texts.shape == (FORMS, 3, 32)
    assert torch.allclose(teacher.texts.flatten(0, 1), texts, atol=1e-5)


def test_a_step_encodes_two_texts_of_each_class_once_and_sends_them_back_once(world: Path) -> None:
    setup, entered, left = prepare(job_of(world, "once")), [], []
    first = setup.model.transformer.blocks[0].ln_1
    first.register_forward_hook(lambda _, given, __: entered.append(len(given[0])))
    first.register_full_backward_hook(lambda *_: left.append(1))
    step(setup)
    rows = setup.model.texts_of(torch.arange(3), [0, FORMS - 1])
    longest = int((setup.model.tokens[rows].argmax(1) + 1).sum())
    assert setup.budget.accumulation == 4 and len(entered) == len(left) == 1 and entered[0] <= longest + 6


def test_a_prompt_is_drawn_for_all_classes_of_a_step_and_the_rephrased_name_is_always_there(world: Path) -> None:
    learner = prepare(job_of(world, "drawn")).objective.learner
    drawn = torch.tensor([learner.forms(Moment(5, epoch, 0)) for epoch in range(60)])
    assert set(drawn[:, 0].tolist()) == set(range(len(PROMPTS))) and drawn[:, 1].eq(len(PROMPTS)).all()
    assert tuple(drawn[3].tolist()) == learner.forms(Moment(5, 3, 0))


def test_without_a_teacher_training_reads_the_same_two_texts(world: Path) -> None:
    """The text is a choice of its own: cross entropy alone goes with it."""
    for objective in ("ce", "soft_ce"):
        plain = method(recipe__objective=objective, recipe__label_smoothing=0, recipe__mixup=None)
        setup = prepare(dataclasses.replace(job_of(world, objective), method=plain))
        at = Moment(5, 0, 0)
        shared = setup.objective.begin(at)
        loss, _ = setup.objective.loss(shared, noise(), at)
        forms = setup.objective.learner.forms(at)
        with torch.no_grad():
            part = setup.model.encode_classes(setup.model.texts_of(torch.arange(3), forms), 2)
            logits = setup.model(noise().clips, setup.model.finished(part))
        assert loss.item() == pytest.approx(torch.nn.functional.cross_entropy(logits, noise().labels).item(), rel=1e-5)


def test_projectors_start_as_the_identity_and_only_their_second_map_moves_first(world: Path) -> None:
    setup = prepare(job_of(world, "identity"))
    objective, at = setup.objective, Moment(5, 0, 0)
    shared = objective.begin(at)
    objective.loss(shared, noise(), at)[0].backward()
    objective.end(shared)
    for side in ("visual", "text"):
        project = setup.model.projector[side]
        assert not project.fc2.weight.any() and not project.fc1.weight.grad.any() and project.fc2.weight.grad.any()
        assert project.fc1.weight.std().item() == pytest.approx((2 / 32) ** 0.5, rel=0.1)
    assert all(weight.grad is not None for weight in setup.parameters.values())  # everything is trained


def test_kept_weights_have_the_mean_of_the_projectors_and_a_test_does_without(
    world: Path, trained: dict[str, torch.Tensor]
) -> None:
    assert trained["projector.visual.fc2.weight"].any() and trained["projector.text.fc2.weight"].any()
    plain = build(method(), Backbone.load(world / "backbone"), CLASSES, 2, texts=TEXTS)
    assert (
        set(in_a_test(trained))
        == set(canonical_state(plain))
        == set(trained) - {f"projector.{side}.{map}.weight" for side in ("visual", "text") for map in ("fc1", "fc2")}
    )
    subject, (test,) = evaluation(world, "tested")
    folder = job_of(world, "plain").folder
    subject = dataclasses.replace(subject, method=method(), weights=folder / "weights.safetensors", folder=folder)
    write_texts(world / "rephrased.json", TEXTS["rephrased"])
    test = dataclasses.replace(test, texts={"rephrased": world / "rephrased.json"})
    evaluate(subject, [dataclasses.replace(test, name=str(we), we=we) for we in (False, True)])


def test_mixed_precision_trains_with_float32_weights(world: Path) -> None:
    train(half := job_of(world, "bf16", steps=2, machine=machine(precision="bf16")))
    assert {tensor.dtype for tensor in weights(half).values()} == {torch.float32}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"look": "patches"}, r"'distilled' does not go with look\.kind 'patches'"),
        (
            {"text__kind": "coop", "text__prompt": "a photo of a {name}."},
            r"'distilled' does not go with text\.kind 'coop'",
        ),
        (
            {"recipe__objective": "kl_pairs"},
            r"text\.kind 'rephrased' does not go with recipe\.objective\.kind 'kl_pairs'",
        ),
    ],
)
def test_what_does_not_go_together_is_refused(changes: dict[str, object], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        method(**changes)


def test_a_class_without_a_rephrased_name_is_told(world: Path) -> None:
    with pytest.raises(UserError, match="rephrased"):
        build(method(), Backbone.load(world / "backbone"), CLASSES, 2)
