"""OST with 64-px frames: every stored array, values and gradients, in float64 and float32 (spec/systems/ost.md)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import goldens
import numpy as np
import pytest
import system_goldens as systems
import torch
from torch import Tensor

from tcclip.bench.arithmetic import macs, parameters
from tcclip.evaluation.predict import SUMMED
from tcclip.models import BackboneConfig, ensemble, load_canonical, skeleton
from tcclip.models.canonical import END, START, TOKEN_TABLE
from tcclip.models.clip_video import ClipVideo
from tcclip.models.counting import counted
from tcclip.models.score.transport import cosines_of, plan_of, sinkhorn
from tcclip.params import Protocol, load_method, load_suite
from tcclip.params.kinds.make import make
from tcclip.plan.values import protocol_of
from tcclip.training.batches import Batch
from tcclip.training.budget import Budget
from tcclip.training.losses import kl, pair_targets
from tcclip.training.objective.objective import Learner, LooksAhead, Moment
from tcclip.training.optimizer import make_optimizer
from tcclip.training.trained import learning_of

GOLDEN, INFO = systems.load("ost")
OWN, COMMON = load_method("ost"), load_method("ost-common")
TYPES = ("spatial", "temporal")
N = INFO["config"]["n"]
TEXTS = {
    "descriptors": {
        name: (*INFO["spatial"][str(label)], *INFO["temporal"][str(label)])
        for label, name in enumerate(INFO["classes"])
    }
}
VIT_B16 = BackboneConfig(224, 16, 768, 12, 12, 512, 8, 12, 512)


class Run(NamedTuple):
    exact: bool  # float64
    model: ClipVideo
    video: Tensor
    frames: Tensor  # (B, T, E), not normalised
    texts: Tensor  # (C, 2, n, E), not normalised

    def near(self, found: Tensor, name: str, float32: float = 1e-4) -> None:
        systems.near(found, GOLDEN[name], 1e-6 if self.exact else float32)

    @property
    def relative(self) -> float:
        """Of gradient norms."""
        return 1e-9 if self.exact else 2e-5

    def score(self, texts: Tensor, videos: slice = slice(None)) -> Tensor:
        """Logits of frames with descriptors."""
        return self.model.composition.score(self.frames[videos], texts, self.model.logit_scale.exp())


@pytest.fixture(scope="module", params=[torch.float64, torch.float32], ids=["float64", "float32"])
def run(request: pytest.FixtureRequest) -> Iterator[Run]:
    model = systems.model("ost", INFO, request.param, texts=TEXTS)
    video = systems.video(INFO, request.param)
    with torch.no_grad():
        frames, texts = model.pooled(model.encode_video(video)), model.finished(model.encode_classes())
    yield Run(request.param == torch.float64, model, video, frames, texts)


def step(run: Run, video: Tensor, labels: Sequence[int], size: int, **keys: Any) -> Tensor:
    """A step's backward passes in micro-batches of `size`, as the loop does them; the mean of its losses."""
    run.model.zero_grad()
    settings = OWN.recipe.objective.model_copy(update=keys)
    objective = make(settings, Learner(run.model, torch.device("cpu"), "fp32"))
    assert isinstance(objective, LooksAhead)
    parts = zip(torch.split(video, size), torch.split(torch.tensor(labels), size), strict=True)
    batches = [
        (Batch(clips, wanted, [""] * size), Moment(0, 0, number)) for number, (clips, wanted) in enumerate(parts)
    ]
    shared, losses = objective.look_ahead(objective.begin(batches[0][1]), batches), []
    for batch, place in batches:
        loss, _ = objective.loss(shared, batch, place)
        (loss / len(batches)).backward()
        losses.append(loss.detach())
    objective.end(shared)
    return torch.stack(losses).mean()


def losses_of(logits: Tensor, labels: Sequence[int]) -> Tensor:
    """The losses of the videos, of the texts, and of both."""
    targets = pair_targets(torch.tensor(labels), 10)
    both = kl(targets, logits), kl(targets, logits.T)
    return torch.stack([*both, sum(both)])


def test_weights_videos_and_texts_are_the_stored_ones(run: Run) -> None:
    assert set(run.model.state_dict()) == set(GOLDEN["grad_names"].tolist())  # CLIP's, and nothing else
    systems.check_probes(GOLDEN, run.model.state_dict())
    goldens.check_video(GOLDEN, run.video)
    other = systems.video(INFO, torch.float64, "ost/b")
    goldens.check_video({"video_probe": GOLDEN["gather/video_probe"]}, other)
    stored = np.concatenate([GOLDEN[f"tokens_{form}"].transpose(1, 0, 2).reshape(-1, 77) for form in TYPES])
    goldens.check_tokens({"tokens": stored}, run.model)
    for form in TYPES:
        assert getattr(OWN.text, form).replace("{descriptor}", "{d}") == INFO["templates"][form]


def test_frames_and_descriptors_are_the_authors(run: Run) -> None:
    run.near(run.frames, "frame_features")
    for number, form in enumerate(TYPES):
        run.near(run.texts[:, number], f"text_{form}")


def test_a_test_moves_frames_to_the_descriptors_of_all_classes(run: Run) -> None:
    check_types(run, "test", run.texts)
    logits = run.model.scored(run.frames, run.texts)
    run.near(logits, "logits_test")
    with torch.no_grad():
        run.near(run.model(run.video), "logits_test")
    run.near(torch.cat([run.score(run.texts, slice(n, n + 1)) for n in range(2)]), "logits_test_single")
    run.near(SUMMED["probabilities"](logits.detach()).sum(0), "views/scores", 1e-5)


def check_types(run: Run, case: str, texts: Tensor) -> None:
    """The parts of the score of both types, with the descriptors (C, 2, n, E) of a case."""
    frames, texts = (torch.nn.functional.normalize(part, dim=-1) for part in (run.frames, texts))
    for number, form in enumerate(TYPES):
        cosines = cosines_of(frames, texts[:, number])  # (B, C, T, n)
        plan, changes = sinkhorn(cosines, 0.1, 0.01, 100, by_pair=False)
        assert len(changes) == INFO["iterations"][f"{case}_iterations_{form}"]
        assert torch.equal(plan, plan_of(cosines, OWN.score))
        run.near(plan, f"{case}/plan_{form}", 1e-6)
        if run.exact:  # a change below the tolerance is rounding in float32
            assert [float(change) for change in changes] == pytest.approx(GOLDEN[f"{case}/err_{form}"], rel=1e-9)
        run.near((plan * cosines).sum((-2, -1)), f"{case}/ot_{form}", 1e-6)
        if case == "test":
            run.near(cosines, f"{case}/sim_{form}", 1e-6)
            run.near(frames.mean(1) @ texts[:, number].mean(1).T, f"{case}/pool_{form}", 1e-6)


def test_training_matches_videos_with_the_descriptors_of_their_labels(run: Run) -> None:
    texts = run.texts[INFO["labels"]]
    check_types(run, "train", texts)
    logits = run.score(texts)
    run.near(logits, "train/logits")
    found = losses_of(logits, INFO["labels"])
    for value, name in zip(found, ("loss_video", "loss_text", "loss"), strict=True):
        run.near(value, f"train/{name}", 1e-5)


def test_gradients_of_a_step_reach_every_weight_and_the_token_table(run: Run) -> None:
    run.near(step(run, run.video, INFO["labels"], 2), "train/loss", 1e-5)
    systems.check_gradients(run.model, GOLDEN["grad_names"], GOLDEN["grad_l2"], run.relative, INFO["not_trained"])
    found = {name: p.grad for name, p in run.model.named_parameters() if p.grad is not None}
    rows = found.pop(TOKEN_TABLE)
    assert int((rows != 0).any(1).sum()) == INFO["token_rows_with_gradient"]
    run.near(rows[INFO["token_grad_ids"]], "grad/token_embedding.rows")
    for name in (name for name in GOLDEN if name.startswith("grad/") and not name.endswith(".rows")):
        run.near(found[name.removeprefix("grad/")], name)


def test_processes_gather_their_videos_and_share_one_loss(run: Run) -> None:
    case = INFO["gather"]
    video = torch.cat([systems.video(INFO, run.video.dtype, key) for key in case["video_keys"]])
    with torch.no_grad():
        frames = run.model.pooled(run.model.encode_video(video))
        logits = run._replace(frames=frames).score(run.texts[case["labels"]])
    run.near(logits, "gather/logits")
    run.near(losses_of(logits, case["labels"]), "gather/loss", 1e-5)
    if not run.exact:  # what float32 does to gradients is seen in the step above
        return
    normed = torch.nn.functional.normalize(frames, dim=-1)
    for number, form in enumerate(TYPES):
        texts = torch.nn.functional.normalize(run.texts[case["labels"], number], dim=-1)
        _, changes = sinkhorn(cosines_of(normed, texts), 0.1, 0.01, 100, by_pair=False)
        assert [float(c) for c in changes] == pytest.approx(GOLDEN[f"gather/err_{form}"], rel=1e-9)
    loss = step(run, video, case["labels"], 2, divided_by=case["ranks"])
    assert loss.item() == pytest.approx(float(GOLDEN["gather/loss"][2]), abs=1e-6)
    systems.check_gradients(run.model, GOLDEN["grad_names"], GOLDEN["gather/grad_l2_ranks"], run.relative)
    for name, parameter in run.model.named_parameters():
        if name != "logit_scale" and parameter.grad is not None:
            parameter.grad *= case["ranks"]
    systems.check_gradients(run.model, GOLDEN["grad_names"], GOLDEN["gather/grad_l2"], run.relative)


def test_a_weight_ensemble_mixes_all_tensors(run: Run) -> None:
    tuned = systems.weights(run.model, "ft/")
    mixed = ensemble(systems.weights(run.model), tuned, OWN.we.w)
    assert mixed["logit_scale"].item() == pytest.approx(INFO["we"]["logit_scale"], abs=1e-6)
    assert not torch.equal(mixed[TOKEN_TABLE], tuned[TOKEN_TABLE]) and OWN.we.w == 1 - INFO["we"]["clip_share"]
    try:
        for weights, name in ((tuned, "we/logits_ft"), (mixed, "we/logits")):
            load_canonical(run.model, weights)
            with torch.no_grad():
                systems.near(run.model(run.video), GOLDEN[name], 4e-6 if run.exact else 4e-4)
    finally:
        load_canonical(run.model, systems.weights(run.model))


@pytest.mark.parametrize("tag", INFO["sinkhorn"])
@systems.DTYPES
def test_plans_of_random_cosines_are_the_authors_together_and_alone(tag: str, dtype: torch.dtype) -> None:
    case = INFO["sinkhorn"][tag]
    drawn = goldens.convention.stream(f"sinkhorn/{tag}").standard_normal((case["pairs"], case["frames"], case["n"]))
    cosines = torch.from_numpy(np.clip(case["mean"] + case["scale"] * drawn, -1, 1)).to(dtype)
    exact = dtype == torch.float64
    plan, changes = sinkhorn(cosines, INFO["epsilon"], INFO["stop"], INFO["max_iterations"], by_pair=False)
    systems.near(plan, GOLDEN[f"sinkhorn/{tag}/plan"], 1e-7 if exact else 2e-6)
    systems.near((plan * cosines).sum((-2, -1)), GOLDEN[f"sinkhorn/{tag}/score"], 1e-7 if exact else 2e-6)
    assert len(changes) == case["iterations"]
    if exact:
        assert [float(c) for c in changes] == pytest.approx(GOLDEN[f"sinkhorn/{tag}/err"], rel=1e-8)
    alone, changes = sinkhorn(cosines, INFO["epsilon"], INFO["stop"], INFO["max_iterations"], by_pair=True)
    systems.near((alone * cosines).sum((-2, -1)), GOLDEN[f"sinkhorn/{tag}/score_alone"], 1e-7 if exact else 2e-6)
    if not exact:  # float32 stops some of them a step or two apart
        return
    going = torch.stack(changes) >= INFO["stop"]  # (iterations, pairs)
    steps = [int(row.cumprod(0).sum()) + 1 for row in going.int().T]
    assert [min(count, INFO["max_iterations"]) for count in steps] == case["iterations_alone"]


@pytest.mark.parametrize("tag", INFO["kl"])
def test_losses_and_gradients_of_random_scores_are_the_authors(tag: str) -> None:
    case = INFO["kl"][tag]
    count = len(case["labels"])
    drawn = goldens.convention.stream(f"kl/{tag}").standard_normal((count, count))
    scores = torch.from_numpy(case["scale"] * drawn).requires_grad_()
    systems.near(pair_targets(torch.tensor(case["labels"]), 10), GOLDEN[f"kl/{tag}/target"], 1e-7)
    losses = losses_of(scores, case["labels"])
    systems.near(losses, GOLDEN[f"kl/{tag}/loss"], 1e-5)
    losses[2].backward()
    systems.near(scores.grad, GOLDEN[f"kl/{tag}/grad"], 1e-7)


@pytest.mark.parametrize("protocol", INFO["lr"])
def test_the_rates_of_every_step_are_the_authors(protocol: str) -> None:
    case, own = INFO["lr"][protocol], protocol_of(load_suite("paper"), protocol, OWN)
    assert (own.epochs, own.warmup_epochs, own.lr) == (case["epochs"], case["warmup_epochs"], case["base"])
    assert own.lr_min == pytest.approx(own.lr / 100) and own.total_batch == 32 * case["accumulate"]
    length = Budget(case["epochs"], case["warmup_epochs"], case["micro_per_epoch"], case["accumulate"])
    schedule = make(OWN.recipe.schedule)
    places = [(epoch, number) for epoch in range(length.epochs) for number in range(length.steps_per_epoch)]
    found = [schedule(length, *place, case["base"], case["base"] / 100) for place in places]
    assert found == pytest.approx(GOLDEN[f"lr/{protocol}"].tolist(), rel=1e-12, abs=0)


def few_shot(role: str, shots: int) -> Protocol:
    return protocol_of(load_suite("paper"), "few_shot", OWN, role=role, shots=shots)


def test_single_trainings_have_the_authors_rates_frames_and_views() -> None:
    rates = {(role, k): few_shot(role, k).lr for role in ("hmdb51", "ucf101", "ssv2") for k in (2, 4, 8, 16)}
    assert rates == {**dict.fromkeys(rates, 5e-6), ("hmdb51", 4): 3.5e-6, ("ssv2", 16): 2.5e-6}
    protocols = [few_shot("hmdb51", 4), protocol_of(load_suite("paper"), "zero_shot", OWN)]
    assert {(p.frames, p.views.temporal, p.views.spatial, p.counted_for) for p in protocols} == {(32, 1, 1, 8)}
    assert OWN.recipe.objective.videos == 32 and OWN.recipe.augmentation.flip_sided


def test_everything_is_one_group_that_decays() -> None:
    model = systems.model("ost", INFO, torch.float32, texts=TEXTS)
    learning, recipe = learning_of(model, OWN), OWN.recipe.optimizer
    assert set(learning.trained) == set(GOLDEN["grad_names"].tolist())
    groups = make_optimizer(
        learning.trained, recipe, model.new_names, learning.factors, learning.undecayed
    ).param_groups
    assert [(len(g["params"]), g["factor"], g["weight_decay"]) for g in groups] == [(302, 1.0, 1e-3)]
    assert (groups[0]["betas"], groups[0]["eps"]) == ((0.9, 0.98), 1e-8)


def test_parameters_and_operations_at_vit_b16_are_the_stated_numbers() -> None:
    tokens = torch.tensor([[START, *range(1, 76), END]]).expand(2 * N, -1)
    model = skeleton(OWN, VIT_B16, tokens, 16)
    sizes = {name: parameter.numel() for name, parameter in model.named_parameters()}
    assert sum(sizes.values()) == 149_620_737 and len(sizes) == 302
    assert sum(learning.numel() for learning in learning_of(model, OWN).trained.values()) == 149_620_737
    assert parameters(OWN, VIT_B16, 16) == parameters(COMMON, VIT_B16, 32) == 124_323_841  # without the token table
    text = macs(OWN, VIT_B16, 16) - 281_020_000_000
    assert [round(value / 1e9, 2) for value in (text, 2 * N * text)] == [2.98, 23.8]
    assert round((macs(OWN, VIT_B16, 32) - text) / 1e9) == 562
    frames, texts = torch.empty(1, 16, 512, device="meta"), torch.empty(400, 2, N, 512, device="meta")
    score = model.composition.score
    cosines = 16 * 400 * 2 * N * 512
    assert counted(lambda: score(frames, texts, torch.empty((), device="meta"))) == 2 * (cosines + 2 * 400 * 512)
    assert round(cosines / 1e9, 3) == 0.026
