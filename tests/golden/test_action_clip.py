"""ActionCLIP with 64-px frames: every stored array, values and gradients, in float64 and float32."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import goldens
import numpy as np
import pytest
import system_goldens as systems
import torch
from torch import Tensor, nn

from tcclip.bench.arithmetic import macs, parameters
from tcclip.data.clips.sampling.proportional import random_frames, view_indices
from tcclip.evaluation.predict import probabilities
from tcclip.models import Backbone, BackboneConfig, ensemble, load_canonical, skeleton
from tcclip.models.canonical import END, START, TOKEN_TABLE, canonical_shapes
from tcclip.models.clip_video import ClipVideo
from tcclip.models.text.tower import ClassTexts
from tcclip.params import load_method
from tcclip.params.kinds.make import make
from tcclip.training.batches import Batch
from tcclip.training.budget import Budget
from tcclip.training.losses import kl, pair_targets, smooth_targets
from tcclip.training.objective.objective import Learner, LooksAhead, Moment
from tcclip.training.optimizer import make_optimizer, set_rates
from tcclip.training.trained import learning_of

GOLDEN, INFO = systems.load("action_clip")
TEMPLATES = len(INFO["templates"])
VIT_B16 = BackboneConfig(224, 16, 768, 12, 12, 512, 8, 12, 512)
OWN, COMMON = load_method("action_clip"), load_method("action_clip-common")


class Run(NamedTuple):
    exact: bool  # float64
    model: ClipVideo  # with the scale 100 in a test
    video: Tensor
    classes: ClassTexts  # of all templates; encoding them is what takes time here
    texts: Tensor  # their features (n*C, E)

    def near(self, found: Tensor, name: str, float32: float = 1e-4) -> None:
        systems.near(found, GOLDEN[name], 1e-6 if self.exact else float32)

    @property
    def relative(self) -> float:
        """Of gradient norms."""
        return 1e-9 if self.exact else 2e-4


@pytest.fixture(scope="module", params=[torch.float64, torch.float32], ids=["float64", "float32"])
def run(request: pytest.FixtureRequest) -> Iterator[Run]:
    model = systems.model("action_clip", INFO, request.param)
    with torch.no_grad():
        classes = model.encode_classes()
        texts = model.finished(classes)
    yield Run(request.param == torch.float64, model, systems.video(INFO, request.param), classes, texts)


@dataclass(frozen=True)
class Drawn(Learner):
    """A learner that draws the golden's templates, which are of the videos in their order."""

    templates: Sequence[int] = ()

    def chosen(self, videos: int, at: Moment) -> Tensor:
        """Those of a micro-batch, the number of which is the place's iteration."""
        return torch.tensor(self.templates[at.iteration * videos :][:videos])


def learner(run: Run, templates: Sequence[int]) -> Drawn:
    return Drawn(run.model, torch.device("cpu"), "fp32", templates=templates)


def step(run: Run, video: Tensor, labels: list[int], templates: list[int], size: int, kind: Any = OWN) -> Tensor:
    """A step's backward passes in micro-batches of `size`, as the loop does them; the mean of its losses."""
    run.model.zero_grad()
    objective, losses = make(kind.recipe.objective, learner(run, templates)), []
    parts = zip(torch.split(video, size), torch.split(torch.tensor(labels), size), strict=True)
    batches = [
        (Batch(clips, wanted, [""] * size), Moment(0, 0, number)) for number, (clips, wanted) in enumerate(parts)
    ]
    shared = objective.begin(batches[0][1])
    if isinstance(objective, LooksAhead):
        shared = objective.look_ahead(shared, batches)
    for batch, place in batches:
        loss, _ = objective.loss(shared, batch, place)
        (loss / len(batches)).backward()
        losses.append(loss.detach())
    objective.end(shared)
    return torch.stack(losses).mean()


def test_weights_videos_and_texts_are_the_stored_ones(run: Run) -> None:
    systems.check_probes(GOLDEN, run.model.state_dict())
    goldens.check_video(GOLDEN, run.video)
    other = systems.video(INFO, torch.float64, INFO["batch4"]["video_key"], batch=4)
    goldens.check_video({"video_probe": GOLDEN["video_probe_batch4"]}, other)
    assert [text.replace("{}", "{name}") for text in INFO["templates"]] == OWN.text.prompts
    goldens.check_tokens({"tokens": GOLDEN["tokens"].reshape(-1, GOLDEN["tokens"].shape[-1])}, run.model)


def test_layers_frames_and_videos_are_the_authors(run: Run) -> None:
    layers = systems.layers(run.model, run.video)
    run.near(layers[0].tokens[:, [0, 3]], "layer1_tokens")
    run.near(layers[11].tokens[:, [0]], "layer12_tokens")
    with torch.no_grad():
        seen = run.model.encode_video(run.video)
        run.near(seen.frames, "frame_features")
        run.near(run.model.pooled(seen), "video_features")
        blocks = run.model.transf.resblocks
        for count in (1, 6):
            run.model.transf.resblocks = blocks[:count]
            run.near(run.model.transf(seen.frames), f"transf_block{count}")


def test_the_head_alone_knows_the_order_of_frames(run: Run) -> None:
    key, shape = INFO["head"]["key"], INFO["head"]["shape"]
    frames = torch.from_numpy(goldens.convention.stream(key).standard_normal(shape)).to(run.video)
    pool = run.model.composition.pool.pool
    with torch.no_grad():
        run.near(pool(frames, run.model.transf), "head/out")
        run.near(pool(frames.flip(1), run.model.transf), "head/reversed")
    run.near(frames.mean(1), "head/mean")


def test_a_test_averages_the_probabilities_of_all_templates(run: Run) -> None:
    model, texts = run.model, run.texts
    with torch.no_grad():
        videos = model.pooled(model.encode_video(run.video))
        cosines = model.composition.score(videos, texts, torch.tensor(100.0)).unflatten(1, (TEMPLATES, -1))
        run.near(texts.view(TEMPLATES, -1, texts.shape[-1])[[0, 7, 15]], "text_features")
        run.near(cosines, "template_logits")
        logits = model(run.video)
        run.near(logits.softmax(dim=-1), "probs", 1e-5)
        assert torch.allclose(probabilities(logits).sum(dim=-1), torch.ones(2, dtype=torch.float64))
        run.near(probabilities(logits).sum(dim=0), "common/view_scores", 1e-5)
        view = probabilities(model(systems.video(INFO, run.video.dtype, INFO["view2"]), run.classes))
        run.near(view, "common/probs_view2", 1e-5)
        run.near(probabilities(logits) + view, "common/scores_2views", 1e-5)


def test_under_the_common_recipe_a_test_uses_the_trained_scale(run: Run) -> None:
    model = systems.model("action_clip-common", INFO, run.video.dtype, {"names.split_camel_case": False})
    assert torch.equal(model.tokens, run.model.tokens)
    with torch.no_grad():
        model.logit_scale.fill_(4.0)
        run.near(model(run.video, run.classes).softmax(dim=-1), "common/probs_scale4", 1e-5)


@pytest.mark.parametrize("size", [2, 1], ids=["at once", "in micro-batches"])
def test_pairs_losses_and_all_gradients_are_the_authors(run: Run, size: int) -> None:
    model, labels = run.model, torch.tensor(INFO["labels"])
    loss = step(run, run.video, INFO["labels"], INFO["template"], size)
    run.near(loss, "loss")
    systems.check_gradients(model, GOLDEN["grad_names"], GOLDEN["grad_l2"], run.relative)
    gradients = {name: parameter.grad for name, parameter in model.named_parameters()}
    assert len(gradients) == len(GOLDEN["grad_names"])  # nothing is frozen
    for name in (name for name in GOLDEN if name.startswith("grad/")):
        gradient = gradients[name.removeprefix("grad/")]
        run.near(gradient[:6] if name.endswith("transf.positional_embedding") else gradient, name)
    table = gradients[TOKEN_TABLE]
    assert table.abs().sum(1).nonzero().flatten().tolist() == GOLDEN["token_rows_with_gradient"].tolist()
    if size < 2:
        return
    with torch.no_grad():
        texts = run.texts[torch.tensor(INFO["template"]) * model.classes + labels]
        run.near(texts, "pair_text_features")
        videos = model.pooled(model.encode_video(run.video))
        logits = model.composition.score(videos, texts, model.logit_scale.exp())
        run.near(logits, "pair_logits")
        run.near(logits.T, "pair_logits_text")
        run.near(kl(pair_targets(labels, 10), logits), "loss_video")
        run.near(kl(pair_targets(labels, 10), logits.T), "loss_text")


@pytest.mark.parametrize("size", [4, 1])
def test_videos_of_one_class_are_positives_of_each_other(run: Run, size: int) -> None:
    model, batch = run.model, INFO["batch4"]
    video = systems.video(INFO, run.video.dtype, batch["video_key"], batch=4)
    run.near(step(run, video, batch["labels"], batch["template"], size), "batch4/loss")
    systems.check_gradients(model, GOLDEN["grad_names"], GOLDEN["batch4/grad_l2"], run.relative)
    if size < 4:
        return
    labels = torch.tensor(batch["labels"])
    targets = pair_targets(labels, OWN.recipe.objective.truth_scale)
    assert np.array_equal((labels[:, None] == labels).numpy(), GOLDEN["batch4/truth"])
    run.near(targets, "batch4/target")
    with torch.no_grad():
        texts = run.texts[torch.tensor(batch["template"]) * model.classes + labels]
        videos = model.pooled(model.encode_video(video))
        logits = model.composition.score(videos, texts, model.logit_scale.exp())
        run.near(logits, "batch4/logits")
        run.near(kl(targets, logits), "batch4/loss_video")
        run.near(kl(targets, logits.T), "batch4/loss_text")


def test_over_all_classes_a_video_has_them_in_the_template_that_is_drawn_for_it(run: Run) -> None:
    with torch.no_grad():
        logits = run.model(run.video, run.classes, None, torch.tensor(INFO["template"]))
    run.near(logits, "common/soft_logits")
    targets = smooth_targets(torch.tensor(INFO["labels"]), 5, INFO["soft"]["smoothing"])
    systems.near(targets, GOLDEN["common/soft_targets"], 1e-7)
    plain = load_method("action_clip-common", {"recipe.objective": "soft_ce", "recipe.mixup": None})
    loss = step(run, run.video, INFO["labels"], INFO["template"], 1, plain)
    systems.near(loss, GOLDEN["common/soft_loss"], 1e-6 if run.exact else 1e-4)
    relative = max(run.relative, 1e-7)  # targets are float32
    systems.check_gradients(run.model, GOLDEN["grad_names"], GOLDEN["common/soft_grad_l2"], relative)


def test_the_loss_of_pairs_alone_is_the_authors() -> None:
    case = INFO["kl"]
    values = goldens.convention.stream(case["key"]).standard_normal(case["shape"])
    logits = torch.from_numpy(case["factor"] * values).requires_grad_()
    targets = pair_targets(torch.tensor(case["labels"]), 10)
    ways = kl(targets, logits), kl(targets, logits.T)
    (sum(ways) / 2).backward()
    systems.near(targets, GOLDEN["kl/target"], 1e-15)
    systems.near(torch.stack([*ways, sum(ways) / 2]), GOLDEN["kl/values"], 1e-14)
    systems.near(logits.grad, GOLDEN["kl/grad"], 1e-15)
    alike = torch.tensor([0, 1, 1, 2])
    assert abs(kl(pair_targets(alike, 10), 10.0 * (alike[:, None] == alike).double())) < 1e-15


def test_weight_space_ensembling_mixes_the_token_table_and_keeps_the_head(run: Run) -> None:
    config = goldens.backbone_config(INFO["config"])
    clip = {name: systems.value(name, shape) for name, shape in canonical_shapes(config).items()}
    model = systems.model("action_clip-common", INFO, torch.float64, {"names.split_camel_case": False})
    tuned = {name: tensor.double() for name, tensor in systems.weights(model, "ft/").items()}
    load_canonical(model, ensemble(Backbone(config, clip).tensors, tuned, COMMON.we.w), trained_only=True)
    assert model.logit_scale.item() == pytest.approx(float(GOLDEN["we07/logit_scale"]), abs=1e-6)
    model.to(run.video.dtype)
    with torch.no_grad():
        classes = model.encode_classes()
        texts, videos = model.finished(classes), model.pooled(model.encode_video(run.video))
        logits = model.composition.score(videos, texts, model.logit_scale.exp()).unflatten(1, (TEMPLATES, -1))
        systems.near(logits[:, [0, 7, 15]], GOLDEN["we07/template_logits"], 2e-6 if run.exact else 2e-4)
        run.near(model(run.video, classes).softmax(dim=-1), "we07/probs", 1e-5)


def test_everything_is_trained_and_decays_and_the_head_learns_ten_times_faster() -> None:
    model = systems.model("action_clip", INFO, torch.float32)
    learning, recipe = learning_of(model, OWN), OWN.recipe.optimizer
    groups = make_optimizer(
        learning.trained, recipe, model.new_names, learning.factors, learning.undecayed
    ).param_groups
    assert [(len(g["params"]), g["factor"], g["weight_decay"]) for g in groups] == [(302, 1.0, 0.2), (73, 10.0, 0.2)]
    head = {id(p) for name, p in model.named_parameters() if name.startswith("transf.")}
    assert {id(p) for p in groups[1]["params"]} == head
    assert all((g["betas"], g["eps"]) == ((0.9, 0.98), 1e-8) for g in groups)


def test_parameters_and_operations_at_vit_b16_are_the_stated_numbers() -> None:
    model = skeleton(OWN, VIT_B16, torch.tensor([[START, 1, END]]), 16)
    sizes = {name: parameter.numel() for name, parameter in model.named_parameters()}
    assert (
        sum(sizes.values()) == 168_574_465 and sum(n for k, n in sizes.items() if k.startswith("transf.")) == 18_953_728
    )
    assert parameters(OWN, VIT_B16, 16) == parameters(COMMON, VIT_B16, 32) == 143_277_569  # without the token table
    text = macs(load_method("vanilla_clip"), VIT_B16, 16) - 281_020_000_000
    head = macs(OWN, VIT_B16, 16) - macs(load_method("vanilla_clip"), VIT_B16, 16)
    assert [round(value / 1e9, 2) for value in (text, head)] == [2.98, 0.3]
    assert round(macs(OWN, VIT_B16, 32) / 1e9, 1) == 565.6  # published 567


def test_the_rates_of_the_staircase_are_the_authors() -> None:
    case = INFO["lr"]
    protocol = OWN.protocols["fully_supervised"]
    assert [protocol[key] for key in ("lr", "epochs", "warmup_epochs", "lr_min")] == [5e-6, 50, 5, 0]
    length = Budget(case["epochs"], case["warmup_epochs"], case["iterations_per_epoch"], 1)
    schedule = make(load_method("action_clip", {"recipe.schedule.set_every": 10}).recipe.schedule)
    weights = [nn.Parameter(torch.zeros(1)) for _ in range(2)]
    optimizer = torch.optim.SGD([{"params": [w], "factor": f} for w, f in zip(weights, (1.0, 10.0), strict=True)])
    for epoch, number, tower, head in GOLDEN["lr/used"]:
        set_rates(optimizer, case["base"], lambda base: schedule(length, int(epoch), int(number), base, 0.0))  # noqa: B023
        assert [group["lr"] for group in optimizer.param_groups] == pytest.approx([tower, head], rel=1e-12, abs=1e-21)


class Extreme:
    """A stream whose every draw is its smallest or its largest value."""

    def __init__(self, last: bool) -> None:
        self.last = last

    def integers(self, low: Any, high: Any, size: int | None = None) -> np.ndarray:
        """Of low .. high - 1."""
        chosen = np.asarray(high) - 1 if self.last else np.asarray(low)
        return np.broadcast_to(chosen, chosen.shape if size is None else (size,))


def test_training_and_test_see_the_authors_frames() -> None:
    for number, (frames, count) in enumerate(GOLDEN["frames/cases"].tolist()):
        test = view_indices(frames, count, 0, 1, "paper", None)
        assert np.array_equal(test, GOLDEN[f"frames/test_{number}"])
        for last, name in ((False, "train_first"), (True, "train_last")):
            assert np.array_equal(random_frames(frames, count, Extreme(last)), GOLDEN[f"frames/{name}_{number}"])
        centre = make(load_method("action_clip", {"sampling.training": "centre"}).sampling)
        assert np.array_equal(centre.training(frames, count, None), test)  # fact 9
