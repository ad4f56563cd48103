"""FROSTER with 64-px frames: every stored array, in float64 or float32 (docs/spec/systems/froster.md)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

import goldens
import numpy as np
import pytest
import system_goldens as systems
import torch
import torch.nn.functional as F
from torch import Tensor

from tcclip.bench.arithmetic import macs, parameters
from tcclip.models import Backbone, BackboneConfig, build, load_canonical, skeleton
from tcclip.models.canonical import END, START, TOKEN_TABLE, canonical_shapes, in_a_test
from tcclip.models.class_texts import class_prompts
from tcclip.models.clip_video import ClipVideo
from tcclip.models.projector import away, projectors
from tcclip.models.tokens import token_rows
from tcclip.params import load_method
from tcclip.params.kinds.make import make
from tcclip.params.kinds.select import average
from tcclip.training.batches import Batch
from tcclip.training.budget import Budget
from tcclip.training.losses import soft_ce
from tcclip.training.objective import distilled
from tcclip.training.objective.objective import Learner, Moment, added_by
from tcclip.training.optimizer import limit_gradients, make_optimizer, set_rates
from tcclip.training.select.selection import Finished
from tcclip.training.trained import freeze_others, learning_of

GOLDEN, INFO = systems.load("froster")
METHOD = load_method("froster")
NAMES = [text.partition(":")[0] for text in INFO["classes"]]
TEXTS = {"rephrased": {name: (text,) for name, text in zip(NAMES, INFO["classes"], strict=True)}}
DRAWN = GOLDEN["draw"].tolist()  # the prompts of two training steps
FORMS = len(METHOD.text.prompts) + 1
BUDGET, EPOCH = Budget(22, 2, 2, 1), 7
VIT_B16 = BackboneConfig(224, 16, 768, 12, 12, 512, 8, 12, 512)
CPU = torch.device("cpu")


def clip() -> Backbone:
    """The teacher's weights."""
    config = goldens.backbone_config(INFO["config"])
    return Backbone(config, {name: systems.value(name, shape) for name, shape in canonical_shapes(config).items()})


def student(dtype: torch.dtype, prompts: list[str], trained: bool, among: slice = slice(None)) -> ClipVideo:
    """The model with some of the prompts and classes, and with projectors where it is trained."""
    method, backbone = load_method("froster", {"text.prompts": prompts}), clip()
    added = added_by(method.recipe.objective, backbone.config) if trained else []
    model = build(method, backbone, NAMES[among], INFO["config"]["frames"], texts=TEXTS, added=added)
    load_canonical(model, systems.weights(model, INFO["prefix_student"]))
    return model.to(dtype)


@dataclass(frozen=True)
class Drawn(Learner):
    """A learner of two prompts, of which a step's is that of its number."""

    def forms(self, at: Moment) -> tuple[int, ...]:
        """The prompt, and the rephrased name."""
        return at.iteration, len(DRAWN)


@dataclass
class Steps:
    """What steps of a training give: two of them in float64, and the forward pass of the first one in float32."""

    exact: bool  # float64
    state: dict[str, Tensor]  # weights that are probed
    video: Tensor
    each: Tensor  # (2, C, E) text features
    texts: Tensor  # (C, E)
    frames: Tensor  # (B, T, E)
    logits: list[Tensor] = field(default_factory=list)
    ce: list[Tensor] = field(default_factory=list)
    projected: list[Tensor] = field(default_factory=list)  # of frames and of texts, step by step
    wanted: list[Tensor] = field(default_factory=list)  # the teacher's
    apart: list[Tensor] = field(default_factory=list)
    loss: list[Tensor] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    norms: dict[str, float] = field(default_factory=dict)  # of the first step's gradients, before they are limited
    totals: list[float] = field(default_factory=list)  # of all gradients of a step
    gradients: dict[str, Tensor] = field(default_factory=dict)  # those that are stored
    moved: dict[str, Tensor] = field(default_factory=dict)  # by both steps, those that are stored

    def near(self, found: Tensor, name: str, float32: float = 1e-4, float64: float = 5e-7) -> None:
        systems.near(found, GOLDEN[name], float64 if self.exact else float32)


@pytest.fixture(scope="module", params=[torch.float64, torch.float32], ids=["float64", "float32"])
def steps(request: pytest.FixtureRequest) -> Iterator[Steps]:
    """The objective with the prompts that were drawn in the two steps, limited gradients and the optimizer."""
    model = student(request.param, [METHOD.text.prompts[form] for form in DRAWN], trained=True)
    freeze_others(model, learning_of(model, METHOD))
    objective = make(METHOD.recipe.objective, Drawn(model, CPU, "fp32", clip))
    video, exact = systems.video(INFO, request.param), request.param == torch.float64
    with torch.set_grad_enabled(exact), pytest.MonkeyPatch.context() as patch:
        shared = objective.begin(Moment(0, 0, 0))
        with torch.no_grad():
            part = model.encode_classes(model.texts_of(torch.arange(5), [0, 2]), 2) if not exact else shared.texts.whole
            probed = {name: model.get_parameter(name).detach().clone() for name in INFO["probe_names"]}
            frames = model.encode_video(video).frames
            kept = Steps(
                exact, probed, video, model.each_text(part).unflatten(0, (2, -1)), model.finished(part), frames
            )
        patch.setattr(distilled, "soft_ce", partial(told_ce, kept))
        patch.setattr(distilled, "away", partial(told_away, kept))
        if exact:
            two_steps(kept, model, objective, shared)
        else:
            kept.loss.append(objective.loss(shared, batch(0, video), Moment(0, 0, 0))[0])
    yield kept


def two_steps(kept: Steps, model: ClipVideo, objective: distilled.Distilled, shared: distilled.Shared) -> None:
    """What the loop does, with rates of epoch 7."""
    learning, recipe, protocol = learning_of(model, METHOD), METHOD.recipe, METHOD.protocols["zero_shot"]
    optimizer = make_optimizer(
        learning.trained, recipe.optimizer, model.new_names, learning.factors, learning.undecayed
    )
    stored = [name.removeprefix("delta/") for name in GOLDEN if name.startswith("delta/")]
    before = {name: model.get_parameter(name).detach().clone() for name in stored}
    for number in range(2):
        rate = partial(make(recipe.schedule), BUDGET, EPOCH, number, lr_min=protocol["lr_min"])
        kept.rates.append(set_rates(optimizer, protocol["lr"], rate))
        at = Moment(0, 0, number)
        shared = shared if number == 0 else objective.begin(at)
        loss, _ = objective.loss(shared, batch(number, kept.video), at)
        loss.backward()
        objective.end(shared)
        kept.loss.append(loss.detach())
        given = {name: weight.grad for name, weight in model.named_parameters() if weight.grad is not None}
        norms = {name: gradient.norm().item() for name, gradient in given.items()}
        kept.totals.append(float(np.linalg.norm(list(norms.values()))))
        if number == 0:
            kept.norms.update(norms)
            kept.gradients.update({name: given[name].clone() for name in given if f"grad/{name}" in GOLDEN})
        limit_gradients(optimizer, torch.amp.GradScaler("cpu", enabled=False), recipe.optimizer.clip_norm)
        optimizer.step()
        optimizer.zero_grad()
    kept.moved.update({name: model.get_parameter(name).detach() - before[name] for name in stored})


def batch(number: int, video: Tensor) -> Batch:
    clips = video if number == 0 else systems.video(INFO, video.dtype, INFO["second_video"])
    return Batch(clips, torch.tensor(INFO["labels"][number]), ["", ""])


def told_ce(kept: Steps, logits: Tensor, targets: Tensor) -> Tensor:
    kept.logits.append(logits.detach())
    kept.ce.append(soft_ce(logits, targets).detach())
    return soft_ce(logits, targets)


def told_away(kept: Steps, projected: Tensor, wanted: Tensor) -> Tensor:
    kept.projected.append(projected.detach())
    kept.wanted.append(wanted.detach())
    kept.apart.append(away(projected, wanted).detach())
    return away(projected, wanted)


def test_weights_videos_and_texts_are_the_stored_ones(steps: Steps) -> None:
    probes = {"probe_names": np.array(INFO["probe_names"]), "probe_values": GOLDEN["probe"]}
    systems.check_probes(probes, steps.state)
    goldens.check_video(GOLDEN, steps.video)
    rows = token_rows(class_prompts(METHOD, NAMES, TEXTS), {}, METHOD.text.context_length)
    assert np.array_equal(rows.numpy(), GOLDEN["tokens_test"].reshape(-1, 77))


def test_features_of_the_model_and_its_teacher_are_the_authors(steps: Steps) -> None:
    steps.near(steps.frames, "frame_features")
    steps.near(steps.each, "text_each_train")
    steps.near(steps.texts, "text_features_train", 1e-5)
    steps.near(F.normalize(steps.wanted[0], dim=-1), "teacher_frames", 1e-5)
    steps.near(steps.wanted[1], "teacher_text", 1e-5)
    steps.near(steps.projected[0], "frame_projected", 1e-6, 5e-8)
    steps.near(steps.projected[1], "text_projected", 1e-6, 5e-8)


def test_logits_losses_and_rates_are_the_authors(steps: Steps) -> None:
    count, relative = len(steps.loss), 1e-10 if steps.exact else 2e-5
    assert count == (2 if steps.exact else 1)
    systems.near(torch.stack(steps.logits), GOLDEN["logits_step"][:count], 5e-7 if steps.exact else 5e-5)
    steps.near(steps.logits[0], "logits_train", 5e-5)
    for found, name in ((steps.ce, "loss_ce"), (steps.apart, "loss_distill"), (steps.loss, "loss")):
        stored = GOLDEN[name][:count].flatten()
        assert torch.stack(found).numpy() == pytest.approx(stored, rel=relative, abs=0), name
    assert steps.rates == pytest.approx(GOLDEN["lr"][: len(steps.rates)].tolist(), rel=1e-10, abs=0)
    assert GOLDEN["epoch"].tolist() == [EPOCH, EPOCH + 0.5]


def test_all_gradients_and_what_two_steps_move_are_the_authors(steps: Steps) -> None:
    if not steps.exact:
        return
    assert set(steps.norms) == set(INFO["grad_names"])
    norms = [steps.norms[name] for name in INFO["grad_names"]]
    assert norms == pytest.approx(GOLDEN["grad_l2"].tolist(), rel=1e-10, abs=0)
    assert steps.totals == pytest.approx(GOLDEN["grad_total_norm"].tolist(), rel=1e-10, abs=0)
    for name, gradient in steps.gradients.items():
        if name == TOKEN_TABLE:
            gradient = gradient[torch.from_numpy(GOLDEN["grad_token_ids"]).long()].norm(dim=1)
        steps.near(gradient[:3] if name.startswith("projector.") else gradient, f"grad/{name}")
    for name, moved in steps.moved.items():
        steps.near(moved[:2] if name.startswith("projector.") else moved, f"delta/{name}", float64=1e-12)


def test_everything_is_trained_at_one_rate_and_what_has_one_dimension_does_not_decay() -> None:
    tokens = torch.tensor([[START, 1, END]] * FORMS)
    model = skeleton(METHOD, goldens.backbone_config(INFO["config"]), tokens, 4, added=[projectors(VIT_B16)])
    learning = learning_of(model, METHOD)
    groups = make_optimizer(
        learning.trained, METHOD.recipe.optimizer, model.new_names, learning.factors, learning.undecayed
    ).param_groups
    found = sorted((g["weight_decay"], len(g["params"]), sum(p.numel() for p in g["params"])) for g in groups)
    stored = INFO["weight_decay_groups"].values()
    assert found == sorted((group["wd"], group["count"], group["numel"]) for group in stored)
    assert all((g["factor"], g["betas"], g["eps"]) == (1.0, (0.9, 0.999), 1e-8) for g in groups)
    assert set(INFO["decay_0d_or_2d"]) <= set(learning.trained) - learning.undecayed


def test_a_test_averages_all_sentences_of_a_class() -> None:
    model = student(torch.float32, METHOD.text.prompts, trained=False)
    with torch.no_grad():
        readers = model.encode_classes()
        each = model.each_text(readers).unflatten(0, (FORMS, -1))
        systems.near(each[[0, 27, 28]], GOLDEN["text_each_test"], 1e-4)
        texts = model.finished(readers)
        systems.near(texts, GOLDEN["text_features_test"], 1e-5)
        systems.near(model(systems.video(INFO, torch.float32), texts), GOLDEN["logits"], 5e-5)


def test_a_test_uses_the_mean_of_the_epochs_from_the_second_on() -> None:
    """With one of the classes, since a sentence takes as long as all else here."""
    selection = make(average.Settings(**METHOD.protocols["zero_shot"]["select"]))
    held = selection.hold({}, Finished(0, False, lambda: pytest.fail("the first epoch does not count")))
    model = student(torch.float32, METHOD.text.prompts, trained=False, among=slice(3, 4))
    shapes = {name: tuple(weight.shape) for name, weight in model.state_dict().items()}
    shapes |= {f"projector.{side}.fc{number}.weight": (512, 512) for side in ("visual", "text") for number in (1, 2)}
    for epoch in (2, 3):
        state = state_after(epoch, shapes)
        held = selection.hold(held, Finished(epoch - 1, False, lambda: state))  # noqa: B023
    mean = selection.result(held, state)
    systems.near(mean["projector.text.fc2.weight"].flatten()[:64], GOLDEN["swa/projector.text.fc2"], 1e-7)
    assert mean["logit_scale"].item() == pytest.approx(float(GOLDEN["swa/logit_scale"]), abs=1e-6)
    load_canonical(model, in_a_test(mean), trained_only=True)
    with torch.no_grad():
        systems.near(model(systems.video(INFO, torch.float32)), GOLDEN["swa/logits"][:, 3:4], 5e-5)


def state_after(epoch: int, shapes: dict[str, tuple[int, ...]]) -> dict[str, Tensor]:
    """The state after an epoch, counted from 1; all have the token table of the student."""
    prefix = f"ep{epoch}/"
    of_epoch = {name: shape for name, shape in shapes.items() if name not in (TOKEN_TABLE, "logit_scale")}
    made = {name: torch.from_numpy(systems.rules.value(name, shape, prefix)) for name, shape in of_epoch.items()}
    table = systems.value(TOKEN_TABLE, shapes[TOKEN_TABLE], INFO["prefix_student"])
    return {**made, TOKEN_TABLE: table, "logit_scale": torch.tensor(4.0 + 0.1 * epoch)}


def test_projectors_alone_give_the_authors_distances() -> None:
    part = projectors(VIT_B16)
    own = part.module()
    for side in ("visual", "text"):
        project = own[side].double()
        for name, weight in project.named_parameters():
            value = systems.value(f"projector.{side}.{name}", tuple(weight.shape), INFO["prefix_student"])
            weight.data.copy_(value)
        found = project(torch.from_numpy(GOLDEN["projector/in"]).double(), METHOD.recipe.objective.residual)
        systems.near(found, GOLDEN[f"projector/{side}"], 1e-6)


def test_projectors_start_as_the_authors() -> None:
    part = projectors(VIT_B16)
    shapes = {f"projector.{name}": weight.shape for name, weight in part.module().named_parameters()}
    start = part.start(shapes, {}, 0)
    for side in ("visual", "text"):
        assert not start[f"projector.{side}.fc2.weight"].any() and INFO["init"]["fc2 zero"]
        deviation = start[f"projector.{side}.fc1.weight"].std().item()
        assert deviation == pytest.approx((2 / 512) ** 0.5, rel=0.005)
        assert deviation == pytest.approx(INFO["init"]["fc1 std"], rel=0.01)
    assert not start["projector.visual.fc1.weight"].equal(start["projector.text.fc1.weight"])


def test_parameters_and_operations_at_vit_b16_are_the_stated_numbers() -> None:
    tokens = torch.tensor([[START, 1, END]] * FORMS)
    part = added_by(METHOD.recipe.objective, VIT_B16)
    sizes = [
        sum(weight.numel() for weight in skeleton(METHOD, VIT_B16, tokens, 16, added=added).parameters())
        for added in (part, [])
    ]
    assert sizes == [150_669_313, 149_620_737]
    assert parameters(METHOD, VIT_B16, 16) == 124_323_841  # without the token table
    assert round(macs(METHOD, VIT_B16, 16) / 1e9, 2) == 306.89  # 303.91 and one text
