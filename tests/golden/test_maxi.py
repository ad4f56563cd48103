"""MAXI with 64-px frames: every stored array, in float64 and float32, and gradients (docs/spec/systems/maxi.md)."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import goldens
import numpy as np
import pytest
import system_goldens as systems
import torch
from torch import Tensor, nn

from tcclip.bench.arithmetic import macs, parameters
from tcclip.evaluation.predict import probabilities
from tcclip.models import Backbone, BackboneConfig, build, ensemble, load_canonical
from tcclip.models.build import clip_end
from tcclip.models.canonical import TOKEN_TABLE, canonical_shapes
from tcclip.models.class_texts import class_prompts
from tcclip.models.clip_video import ClipVideo
from tcclip.models.tokens import token_rows
from tcclip.params import load_method
from tcclip.params.kinds.make import make
from tcclip.process.rng import generator
from tcclip.pseudo_labels.keep import threshold
from tcclip.pseudo_labels.label import best_of
from tcclip.training.bags import drawn, union
from tcclip.training.batches import Batch
from tcclip.training.budget import Budget
from tcclip.training.losses import bag_scores, mil_nce
from tcclip.training.objective.mil_nce import MilNce, Text
from tcclip.training.objective.objective import Learner, Moment, Written
from tcclip.training.optimizer import make_optimizer
from tcclip.training.trained import freeze_others, learning_of

GOLDEN, INFO = systems.load("maxi")
EXAMPLES = goldens.HERE / "systems" / "examples"
VIT_B16 = BackboneConfig(224, 16, 768, 12, 12, 512, 8, 12, 512)
OWN, COMMON, LABELS = (load_method(name) for name in ("maxi", "maxi-common", "maxi-labels"))
PLACE = Moment(0, 0, 0)


class Run(NamedTuple):
    exact: bool  # float64
    model: ClipVideo
    video: Tensor

    def near(self, found: Tensor, name: str, float32: float = 1e-4) -> None:
        systems.near(found, GOLDEN[name], 1e-6 if self.exact else float32)


@pytest.fixture(scope="module", params=[torch.float64, torch.float32], ids=["float64", "float32"])
def run(request: pytest.FixtureRequest) -> Iterator[Run]:
    model = systems.model("maxi", INFO, request.param)
    model.logit_scale.data.fill_(INFO["logit_scale"])
    freeze_others(model, learning_of(model, OWN))
    yield Run(request.param == torch.float64, model, systems.video(INFO, request.param))


@pytest.fixture(scope="module")
def clip() -> Backbone:
    config = goldens.backbone_config(INFO["config"])
    return Backbone(config, {name: systems.value(name, shape) for name, shape in canonical_shapes(config).items()})


@dataclass(frozen=True)
class Given(MilNce):
    """The objective with bags that are not drawn."""

    given: Sequence[Text] = ()

    def bags(self, videos: Sequence[str], at: Moment) -> list[Text]:
        """The golden's."""
        return list(self.given)


def words_of(prompts: Sequence[str], label: int) -> list[str]:
    """The words of a bag's prompts."""
    first = f"a photo of a {INFO['classes'][label]}. "
    assert all(prompt.startswith(first) and prompt.endswith(".") for prompt in prompts)
    return [prompt.removeprefix(first)[:-1] for prompt in prompts]


def objective(model: ClipVideo, bags: Sequence[Sequence[str]], labels: Sequence[int]) -> Given:
    """MIL-NCE of the model over bags of prompts."""
    words = [words_of(bag, label) for bag, label in zip(bags, labels, strict=True)]
    names = INFO["classes"]
    texts = {
        "class_words": dict.fromkeys(names, ()),
        "video_words": {str(number): tuple(bag) for number, bag in enumerate(words)},
    }
    written = Written(names, class_prompts(OWN, names), {}, texts)
    learner = Learner(model, torch.device("cpu"), "fp32", written=written)
    plain = make(OWN.recipe.objective, learner)
    given = [(label, word) for label, bag in zip(labels, words, strict=True) for word in bag]
    return Given(plain.settings, learner, plain.classes, plain.sentences, given)


def step(run: Run, objective: Given, clips: Tensor, labels: Sequence[int]) -> tuple[Tensor, Tensor]:
    """The loss of a step of one micro-batch, and how many videos are right; gradients in float64."""
    objective.learner.model.zero_grad()
    batch = Batch(clips, torch.tensor(labels), [str(number) for number in range(len(labels))])
    with torch.set_grad_enabled(run.exact):
        shared = objective.begin(PLACE)
        loss, hits = objective.loss(shared, batch, PLACE)
    if run.exact:
        loss.backward()
        objective.end(shared)
    return loss.detach(), hits


def check_forward(run: Run, objective: Given, videos: Tensor, case: str) -> None:
    """The normalised features of videos, S and b."""
    model = run.model
    run.near(nn.functional.normalize(videos, dim=-1), f"{case.removeprefix('train/')}video_features")
    texts = objective.features(objective.given)
    logits = model.composition.score(videos, texts, model.logit_scale.exp())
    run.near(logits, f"{case}logits")
    run.near(bag_scores(logits).exp(), f"{case}bag_scores", 1e-5)


def test_weights_videos_and_texts_are_the_stored_ones(run: Run) -> None:
    systems.check_probes(GOLDEN, run.model.state_dict())
    goldens.check_video(GOLDEN, run.video)
    goldens.check_tokens({"tokens": GOLDEN["test/tokens"]}, run.model)
    for kind, labels, bags in (
        ("tokens", INFO["pseudo_labels"], INFO["bags"]),
        ("repeat/tokens", INFO["repeat"]["pseudo_labels"], INFO["repeat"]["bags"]),
    ):
        found = objective(run.model, bags, labels)
        rows = [found.tokens(*text) for text in found.given]
        stored = GOLDEN[kind].reshape(len(rows), -1)
        assert [row + [0] * (77 - len(row)) for row in rows] == stored.tolist()


@pytest.mark.parametrize("case", ["train/", "repeat/"], ids=["two labels", "a label twice"])
def test_features_bags_loss_and_all_gradients_are_the_authors(run: Run, case: str) -> None:
    model, of_case = run.model, INFO["repeat"] if case == "repeat/" else INFO
    labels, bags = of_case["pseudo_labels"], of_case["bags"]
    keys = of_case["video_keys"] if case == "repeat/" else [INFO["video_key"]]
    clips = torch.cat([systems.video(INFO, run.video.dtype, key) for key in keys])
    goldens.check_video({"video_probe": GOLDEN[f"{case.removeprefix('train/')}video_probe"]}, clips)
    mil = objective(model, bags, labels)
    loss, hits = step(run, mil, clips, labels)
    run.near(loss, f"{case}loss", 1e-5)
    likeliest = GOLDEN[f"{case}bag_scores"].argmax(axis=1)
    assert hits == sum(labels[bag] == label for bag, label in zip(likeliest, labels, strict=True))
    assert np.array_equal(np.equal.outer(labels, labels), GOLDEN[f"{case}mask"])
    if run.exact:
        prefix = case.removeprefix("train/")
        norms = GOLDEN[f"{prefix}grad_l2"]
        systems.check_gradients(model, GOLDEN["grad_names"], norms, 1e-9, INFO["not_trained"])
        for name in (name for name in GOLDEN if name.startswith(f"{prefix}grad/")):
            run.near(model.get_parameter(name.removeprefix(f"{prefix}grad/")).grad, name)
    with torch.no_grad():
        seen = model.encode_video(clips)
        check_forward(run, mil, model.pooled(seen), case)
        if case == "train/":
            run.near(seen.frames, "frame_features")
            run.near(mil.features(mil.given), "text_features")


@pytest.mark.parametrize("tag", INFO["mil"])
def test_the_loss_alone_is_the_authors(tag: str) -> None:
    case, count = INFO["mil"][tag], len(INFO["mil"][tag]["labels"])
    values = goldens.convention.stream(f"mil/{tag}").standard_normal((count, count * case["bag"]))
    logits, labels = torch.from_numpy(case["scale"] * values).requires_grad_(), torch.tensor(case["labels"])
    scores = bag_scores(logits)
    loss = mil_nce(scores, labels)
    loss.backward()
    systems.near(scores.exp(), GOLDEN[f"mil/{tag}/bag_scores"], 1e-6)
    alike = labels[:, None] == labels
    of_paper = -torch.log((scores.exp() * alike).sum(dim=1)).mean()  # which is not what is minimised (fact 2)
    systems.near(torch.stack([loss, of_paper]), GOLDEN[f"mil/{tag}/loss"], 1e-12)
    systems.near(logits.grad, GOLDEN[f"mil/{tag}/grad"], 1e-6)
    assert alike.sum() == case["positive_pairs"]


def test_a_test_compares_with_the_class_prompts(run: Run) -> None:
    with torch.no_grad():
        texts = run.model.finished(run.model.encode_classes())
        run.near(nn.functional.normalize(texts, dim=-1), "test/text_features")
        logits = run.model(run.video)
        run.near(logits, "logits_test")
        systems.near(probabilities(logits).sum(dim=0), GOLDEN["views/scores"], 1e-6 if run.exact else 1e-5)
        others = token_rows(class_prompts(OWN, INFO["validation_classes"]), {}, 77)
        run.near(run.model(run.video, run.model.finished(run.model.encode_tokens(others))), "val/logits")


def test_the_ensemble_mixes_301_tensors_with_the_factor_of_an_untrained_model(clip: Backbone) -> None:
    model, video = systems.model("maxi", INFO, torch.float64), systems.video(INFO, torch.float64)
    tuned = {name: tensor.double() for name, tensor in systems.weights(model, "ft/").items() if name != TOKEN_TABLE}
    assert len(tuned) == INFO["we"]["tensors"]
    with torch.no_grad():
        load_canonical(model, tuned, trained_only=True)
        systems.near(model(video), GOLDEN["we/logits_ft"], 1e-6)
        load_canonical(model, ensemble(clip_end(OWN, model, clip.tensors), tuned, OWN.we.w))
        assert model.logit_scale.item() == pytest.approx(INFO["we"]["logit_scale"], abs=1e-6)
        systems.near(model(video), GOLDEN["we/logits"], 2e-6)


def test_pseudo_labels_are_clips_and_one_threshold_keeps_the_surest(run: Run) -> None:
    case = INFO["pseudo"]
    assert class_prompts(LABELS, INFO["classes"]) == class_prompts(OWN, INFO["classes"]) and not LABELS.train
    clips = systems.video(INFO, run.video.dtype, case["video_key"], batch=case["batch"])
    goldens.check_video({"video_probe": GOLDEN["pseudo/video_probe"]}, clips)
    with torch.no_grad():
        logits = run.model(clips) / OWN.score.start * LABELS.score.untrained
    run.near(logits / LABELS.score.untrained, "pseudo/cosine", 1e-5)
    run.near(logits.softmax(dim=-1), "pseudo/scores", 1e-5)
    labels, cosines = best_of(logits.double().numpy(), LABELS.score.untrained)
    assert labels.tolist() == GOLDEN["pseudo/labels"].tolist()
    least = threshold(cosines.tolist(), OWN.protocols["zero_shot"]["pseudo_labels"]["keep"])
    assert (cosines >= least).tolist() == GOLDEN["pseudo/keep"].astype(bool).tolist()
    assert least == pytest.approx(case["threshold"], abs=1e-6 if run.exact else 1e-5)


def words_in(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").split("\n")[:-1] if path.stat().st_size else []


@pytest.mark.parametrize("line", (EXAMPLES / "maxi.train_list.txt").read_text().splitlines())
def test_a_bag_has_every_word_as_often_as_all_fit_and_others_once_more(line: str) -> None:
    path, label = line.split()
    rule = INFO["bag_rule"][Path(path).name]
    with open(EXAMPLES / "maxi.classes.csv", newline="", encoding="utf-8") as file:
        name = list(csv.DictReader(file))[int(label)]["name"]
    class_words = words_in(EXAMPLES / "maxi.class_words" / f"{name}.txt")
    of_video = words_in((EXAMPLES / "maxi.video_words" / Path(path).parent.name / Path(path).stem).with_suffix(".txt"))
    words = union(name, class_words, of_video)
    assert int(label) == rule["pseudo_label"] and sorted(words) == rule["union"]
    bag = drawn(words, INFO["config"]["bag"], generator(3, "bag", 0, path))
    check_counts(bag, rule)
    stored = INFO["bags"][[0, 2].index(int(label))] if "clip_c" not in path and "clip_d" not in path else None
    for prompts in [stored] if stored else []:
        check_counts(words_of(prompts, int(label)), rule)


def check_counts(bag: Sequence[str | None], rule: Mapping[str, Any]) -> None:
    """A bag of 16 as the rule says."""
    counts = Counter(Counter(bag)[word] - rule["each"] for word in rule["union"])
    assert len(bag) == INFO["config"]["bag"] and set(bag) <= set(rule["union"])
    assert counts == {1: rule["once_more"], 0: len(rule["union"]) - rule["once_more"]}


def test_everything_but_the_token_table_is_trained_in_one_group_with_decay() -> None:
    model = systems.model("maxi", INFO, torch.float32)
    learning, recipe = learning_of(model, OWN), OWN.recipe.optimizer
    assert sorted(learning.trained) == sorted(GOLDEN["grad_names"].tolist())
    groups = make_optimizer(learning.trained, recipe, model.new_names, learning.factors, learning.undecayed)
    assert [(len(g["params"]), g["factor"], g["weight_decay"]) for g in groups.param_groups] == [(301, 1.0, 1e-3)]
    assert (recipe.betas, recipe.eps, recipe.half_weights) == ((0.9, 0.98), 1e-8, False)


def test_parameters_and_operations_at_vit_b16_are_the_stated_numbers() -> None:
    for method in (OWN, COMMON):
        assert parameters(method, VIT_B16, 16) == 124_323_841
    one_text = 12 * (12 * 77 * 512**2 + 2 * 77**2 * 512) + 512 * 512
    assert [round(count / 1e9, 1) for count in (macs(OWN, VIT_B16, 16) - one_text, 16 * one_text)] == [281.0, 47.7]


def test_learning_rates_are_the_authors() -> None:
    case, protocol = INFO["lr"], OWN.protocols["zero_shot"]
    assert (protocol["lr"], protocol["epochs"], protocol["warmup_epochs"]) == (5e-6, 10, 5)
    length = Budget(case["epochs"], case["warmup_epochs"], case["micro_per_epoch"], case["accumulate"])
    schedule = make(OWN.recipe.schedule)
    steps = [(epoch, number) for epoch in range(case["epochs"]) for number in range(length.steps_per_epoch)]
    found = [schedule(length, *place, case["base"], protocol["lr_min"]) for place in steps]
    assert found == pytest.approx(GOLDEN["lr"].tolist(), rel=1e-12, abs=1e-21)


def test_names_and_scale_are_those_of_the_release(clip: Backbone) -> None:
    assert class_prompts(OWN, INFO["classes"]) == [INFO["template"].format(name=name) for name in INFO["classes"]]
    rows = token_rows(class_prompts(OWN, INFO["classes"]), {}, OWN.text.context_length)
    assert np.array_equal(rows.numpy(), GOLDEN["test/tokens"])
    scale = OWN.score.scale
    assert (np.log(scale.start), 1 / scale.most) == pytest.approx((INFO["logit_scale"], INFO["temperature_min"]))
    for method, factor in ((OWN, 50), (COMMON, 50), (LABELS, 20)):
        model = build(method, clip, INFO["classes"], 4)
        assert model.logit_scale.item() == pytest.approx(np.log(factor), abs=1e-6)
