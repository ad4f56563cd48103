"""Open-VCLIP with 64-px frames: every stored array, in float64 and float32 (docs/spec/systems/open_vclip.md)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any, NamedTuple

import goldens
import numpy as np
import pytest
import system_goldens as systems
import torch
from torch import Tensor

from tcclip.bench.arithmetic import macs, parameters
from tcclip.evaluation.metrics import ranked
from tcclip.evaluation.predict import SUMMED
from tcclip.models import Backbone, BackboneConfig, ensemble, load_canonical, skeleton
from tcclip.models.attention import attend
from tcclip.models.canonical import END, START, canonical_shapes
from tcclip.models.class_part import ClassPart
from tcclip.models.clip_video import ClipVideo
from tcclip.params import load_method
from tcclip.params.kinds.make import make
from tcclip.training.batches import Batch
from tcclip.training.budget import Budget
from tcclip.training.objective.objective import Learner, Moment
from tcclip.training.optimizer import limit_gradients, make_optimizer, set_rates
from tcclip.training.select.selection import Finished, Selection
from tcclip.training.trained import freeze_others, learning_of

GOLDEN, INFO = systems.load("open_vclip")
METHOD = load_method("open_vclip")
AS_GIVEN = {"names.split_camel_case": False, "names.underscores_to_spaces": False}
CLIP, THETA = INFO["prefix_clip"], INFO["prefix_theta"]
TRAINED = INFO["grad_names"]
VIT_B16 = BackboneConfig(224, 16, 768, 12, 12, 512, 8, 12, 512)
FULL = [name.removeprefix("grad/") for name in GOLDEN if name.startswith("grad/")]


class Run(NamedTuple):
    exact: bool  # float64
    model: ClipVideo
    video: Tensor
    texts: Tensor  # (C, E)

    def near(
        self, found: Tensor | np.ndarray, name: str, float32: float = 5e-5, stored: np.ndarray | None = None
    ) -> None:
        expected = GOLDEN[name] if stored is None else stored
        rounding = 5e-7 + 1.2e-7 * float(np.abs(expected).max())  # of what is stored as float32
        systems.near(found, expected, rounding if self.exact else float32)

    def fill(self, prefix: str) -> None:
        """Give the model the weights of a prefix in the image tower, and CLIP's in the text tower."""
        load_canonical(self.model, state(self.model, prefix), trained_only=True)


def state(model: ClipVideo, prefix: str, scale: float | None = None) -> dict[str, Tensor]:
    """Weights whose text side is CLIP's."""
    named = {
        name: systems.value(name, tuple(tensor.shape), prefix if name.startswith(("visual.", "logit_scale")) else CLIP)
        for name, tensor in model.named_parameters()
    }
    return named if scale is None else {**named, "logit_scale": torch.tensor(scale)}


class Texts(NamedTuple):
    """Made once: most of this file's time."""

    each: Tensor  # (28, C, E) features of sentences
    whole: Tensor  # (C, E)


@pytest.fixture(scope="module")
def texts() -> Texts:
    model = made_model(torch.float64)
    with torch.no_grad():
        readers, whole = model.encode_classes(), model.composition
        together = model.finished(readers)
        model.composition = replace(whole, text=whole.text._replace(together=None))
        return Texts(model.finished(readers).view(28, 5, -1), together)


def made_model(dtype: torch.dtype) -> ClipVideo:
    model = systems.model("open_vclip", INFO, dtype, AS_GIVEN)
    freeze_others(model, learning_of(model, METHOD))
    return model


@pytest.fixture(scope="module", params=[torch.float64, torch.float32], ids=["float64", "float32"])
def made(request: pytest.FixtureRequest, texts: Texts) -> Run:
    model, dtype = made_model(request.param), request.param
    return Run(dtype == torch.float64, model, systems.video(INFO, dtype), texts.whole.to(dtype))


@pytest.fixture
def run(made: Run) -> Run:
    made.fill(THETA)
    return made


def test_weights_videos_and_sentences_are_those_of_the_convention(run: Run) -> None:
    goldens.check_video(GOLDEN, run.video)
    weights = run.model.state_dict()
    probes = {"probe_names": np.array(INFO["probe_names"]), "probe_values": GOLDEN["probe"]}
    goldens.check_probes(probes, {name: weights[name] for name in INFO["probe_names"]})
    goldens.check_tokens({"tokens": GOLDEN["tokens"].reshape(-1, GOLDEN["tokens"].shape[-1])}, run.model)


def test_a_class_is_the_mean_of_its_28_sentences_each_normalised(texts: Texts) -> None:
    systems.near(texts.each[[0, 13, 27]], GOLDEN["text_template"], 1e-6)
    systems.near(texts.whole, GOLDEN["text_features"], 5e-7)


@torch.no_grad()
def test_frames_see_their_neighbours_and_zeros_at_the_edges(run: Run) -> None:
    block = run.model.visual.transformer.blocks[0]
    query, key, value = block.attn.qkv(block.ln_1(run.model.visual.embed(run.video)))
    seen = run.model.visual.exchange.frames(query, key, value, None)
    scores = torch.einsum("bthd,btkhd->bthk", seen.query[:, :, 0], seen.key) * query.shape[-1] ** -0.5
    mass = scores.softmax(-1).unflatten(-1, (3, -1)).sum(-1)  # (B, T, heads, 3): own, before, after
    run.near(mass[..., [2, 1, 0]], "layer1_mass", 1e-5)
    run.near(block.attn.out_proj(attend(seen.query, seen))[0], "layer1_attn", 1e-4)
    outputs = systems.layers(run.model, run.video)
    run.near(outputs[0].tokens[0], "layer1_tokens", 1e-4)
    run.near(outputs[1].tokens[0], "layer2_tokens", 1e-4)
    run.near(outputs[11].tokens[:, :, 0], "layer12_cls", 1e-4)
    run.near(run.model.encode_video(run.video).frames, "frame_features", 1e-4)


@torch.no_grad()
def test_logits_are_the_mean_of_those_of_normalised_frames(run: Run) -> None:
    logits = run.model(run.video, run.texts)
    run.near(logits, "logits")
    run.near(logits, "logits_train")
    run.near(run.model(run.video.flip(1), run.texts), "logits")  # fact 3
    views = [
        run.model(systems.video(INFO, run.video.dtype, f"{INFO['video_key']}/view{v}"), run.texts) for v in range(3)
    ]
    run.near(torch.stack(views, dim=1), "views/logits")
    run.near(sum(SUMMED[METHOD.views.combine](one) for one in views), "views/sum", 1.5e-4)
    run.fill(CLIP)
    run.near(run.model(run.video, run.texts), "logits_clip_window", 2e-4)


def test_logits_of_views_are_summed_and_not_their_probabilities() -> None:
    logits = torch.from_numpy(GOLDEN["views/made_logits"])
    for combine, name in (("logits", "views/made_top1"), ("probabilities", "views/made_top1_softmax")):
        scores = SUMMED[combine](logits).sum(dim=1).numpy()
        assert ranked(scores)[:, 0].tolist() == GOLDEN[name].tolist()
    assert METHOD.views.combine == "logits"
    systems.near(SUMMED["logits"](logits).sum(dim=1), GOLDEN["views/made_sum"], 1e-6)


class Given(Moment):
    """A place whose draws are the golden's."""

    def stream(self, name: str) -> Any:
        """CLIP's share in this step."""
        if name != "interpolation":
            return super().stream(name)
        return SimpleNamespace(uniform=lambda low, high: float(GOLDEN["alpha"][self.iteration]))


@dataclass(frozen=True)
class Recording(Learner):
    """A learner whose logits are kept."""

    seen: list[Tensor] = field(default_factory=list)

    def logits(self, *given: Any) -> Tensor:
        """Those of any learner."""
        logits = super().logits(*given)
        self.seen.append(logits.detach())
        return logits


def test_two_steps_of_a_training_are_the_authors(run: Run) -> None:
    model, dtype = run.model, run.video.dtype
    config = goldens.backbone_config(INFO["config"])
    clip = {name: systems.value(name, shape, CLIP) for name, shape in canonical_shapes(config).items()}
    learner = Recording(model, torch.device("cpu"), "fp32", lambda: Backbone(config, clip))
    objective, recipe, learning = make(METHOD.recipe.objective, learner), METHOD.recipe, learning_of(model, METHOD)
    objective.texts.kept = ClassPart(run.texts, run.texts, trained=False)  # as the first step would make them
    optimizer = make_optimizer(
        learning.trained, recipe.optimizer, model.new_names, learning.factors, learning.undecayed
    )
    schedule, budget = make(recipe.schedule), METHOD.protocols["zero_shot"]
    length = Budget(budget["epochs"], budget["warmup_epochs"], iterations=2, accumulation=1)
    weights = dict(model.named_parameters())
    before = {name: weight.detach().clone() for name, weight in weights.items()}
    relative = 1e-10 if run.exact else 1e-4
    for number, key in enumerate((INFO["video_key"], INFO["second_video"])):
        rate = set_rates(
            optimizer,
            budget["lr"],
            lambda base: schedule(length, 7, number, base, budget["lr_min"]),  # noqa: B023
        )
        assert rate == pytest.approx(GOLDEN["lr"][number], rel=1e-10)
        batch, at = (
            Batch(systems.video(INFO, dtype, key), torch.tensor(INFO["labels"][number]), ["a", "b"]),
            Given(0, 7, number),
        )
        shared, found = objective.begin(at), []
        for loss, _ in objective.losses(shared, batch, at):
            loss.backward()
            grads = {name: p.grad.clone() for name, p in weights.items() if p.grad is not None}
            found.append((loss.item(), grads))
        objective.end(shared)
        factors = 1, METHOD.recipe.objective.factor
        for (loss, _), factor, name in zip(found, factors, ("loss", "loss_interp"), strict=True):
            assert loss / factor == pytest.approx(GOLDEN[name][number], rel=relative)
        run.near(learner.seen[2 * number], "", stored=GOLDEN["logits_step"][number])
        run.near(learner.seen[2 * number + 1], "", stored=GOLDEN["logits_interp"][number], float32=1e-4)
        (_, first), (_, both) = found
        if number == 0:
            check_gradients(run, first, both, relative)
        norm = torch.stack([grad.double().norm() for grad in both.values()]).norm().item()
        assert norm == pytest.approx(GOLDEN["grad_total_norm"][number], rel=relative)
        limit_gradients(optimizer, torch.amp.GradScaler("cpu", enabled=False), recipe.optimizer.clip_norm)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
    for name in (name for name in GOLDEN if name.startswith("delta/")):
        own = name.removeprefix("delta/")
        delta = model.get_parameter(own).detach() - before[own]
        systems.near(delta[:4] if own == "visual.proj" else delta, GOLDEN[name], 1e-12 if run.exact else 3e-7)
    moved = {name for name, weight in model.named_parameters() if not torch.equal(weight, before[name])}
    assert moved == set(TRAINED)


def check_gradients(run: Run, first: dict[str, Tensor], both: dict[str, Tensor], relative: float) -> None:
    """Of the loss at the weights, of the one at the interpolated weights, and of their sum."""
    assert set(first) == set(both) == set(TRAINED) and not set(both) & set(INFO["not_trained"])
    again = {name: both[name] - first[name] for name in both}
    for grads, name in ((first, "grad_l2"), (again, "grad_l2_interp"), (both, "grad_l2_sum")):
        norms = torch.stack([grads[one].double().norm() for one in TRAINED])
        assert norms.tolist() == pytest.approx(
            GOLDEN[name].tolist(), rel=10 * relative if name != "grad_l2" else relative
        )
    for name in FULL:
        run.near(first[name], f"grad/{name}", 1e-4)
        run.near(again[name], f"grad_interp/{name}", 1e-4)


def test_groups_of_rate_and_decay_are_the_authors(run: Run) -> None:
    learning = learning_of(run.model, METHOD)
    assert set(learning.trained) == set(TRAINED)
    assert set(learning.trained) - learning.undecayed == set(INFO["decay_names"])
    groups = make_optimizer(
        learning.trained, METHOD.recipe.optimizer, run.model.new_names, learning.factors, learning.undecayed
    ).param_groups
    found = {group["weight_decay"]: (len(group["params"]), group["factor"]) for group in groups}
    assert found == {0.01: (len(INFO["decay_names"]), 1.0), 0.0: (153 - len(INFO["decay_names"]), 1.0)}
    assert all((group["betas"], group["eps"]) == ((0.9, 0.999), 1e-8) for group in groups)


@torch.no_grad()
def test_the_mean_of_states_from_the_second_epoch_on_and_its_interpolation_with_clip_are_the_authors(run: Run) -> None:
    selection: Selection = make(load_select())
    held: dict[str, Tensor] = {}
    for epoch in range(3):
        weights = state(run.model, f"ep{epoch + 1}/", 4.0 + 0.1 * (epoch + 1))
        weights = {name: tensor.double() for name, tensor in weights.items() if name in TRAINED}
        held = selection.hold(held, Finished(epoch, False, lambda: weights))  # noqa: B023
    config = goldens.backbone_config(INFO["config"])
    clip = {name: systems.value(name, shape, CLIP) for name, shape in canonical_shapes(config).items()}
    mean = {name: clip[name] for name, _ in run.model.named_parameters()} | selection.result(held, weights)
    load_canonical(run.model, mean, trained_only=True)
    run.near(run.model(run.video, run.texts), "swa/logits", 1e-4)
    patched = ensemble({name: clip[name].double() for name in mean}, mean, METHOD.we.w)
    load_canonical(run.model, patched, trained_only=True)
    run.near(run.model(run.video, run.texts), "swa/logits_patched", 1e-4)
    run.near(torch.stack([mean["logit_scale"], patched["logit_scale"]]), "swa/logit_scale", 1e-6)


def load_select() -> Any:
    """The selection of the zero-shot protocol with the method's own budgets."""
    from tcclip.params.budget import SuiteBudget as Values
    from tcclip.params.protocol import load_protocol

    return load_protocol("zero_shot", Values(METHOD.protocols["zero_shot"], "open_vclip")).select


def test_the_rates_of_a_training_are_the_authors() -> None:
    schedule = make(METHOD.recipe.schedule)
    for name, protocol in (("schedule", "zero_shot"), ("schedule12", "base_to_novel")):
        budget = METHOD.protocols[protocol]
        length = Budget(budget["epochs"], budget["warmup_epochs"], iterations=10**6, accumulation=1)
        for place, rate in zip(GOLDEN[f"{name}/epoch"], GOLDEN[f"{name}/lr"], strict=True):
            epoch, step = divmod(round(place * 10**6), 10**6)
            assert schedule(length, epoch, step, budget["lr"], budget["lr_min"]) == pytest.approx(rate, rel=1e-6)
    assert schedule(length, 0, 0, budget["lr"], budget["lr_min"]) == budget["lr_min"]  # not 0


def test_parameters_and_operations_at_vit_b16_are_the_stated_numbers() -> None:
    assert parameters(METHOD, VIT_B16, 16) == 124_323_841  # without the token table
    model = skeleton(METHOD, VIT_B16, torch.tensor([[START, 1, END]]).expand(28, -1), 8)
    assert sum(weight.numel() for weight in model.parameters()) + 49408 * 512 == 149_620_737
    assert sum(weight.numel() for weight in learning_of(model, METHOD).trained.values()) == 86_192_641
    assert round(macs(METHOD, VIT_B16, 16) / 1e9, 2) == 306.89
    assert round(macs(load_method("open_vclip", {"vision": "none"}), VIT_B16, 16) / 1e9 - 2.975, 2) == 281.02
