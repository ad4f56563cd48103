"""MAXI's objective in a training: bags are the videos' own, whoever computes them, and the factor starts anew."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest
import torch
import torch.nn.functional as F
from gradients import near
from tiny_world import CLASSES, WORDS, evaluation, make_world, protocol, training_job, weights

from tcclip.errors import UserError
from tcclip.evaluation import evaluate
from tcclip.models import Backbone
from tcclip.models.canonical import END, START, TOKEN_TABLE
from tcclip.models.tokens import padded
from tcclip.params import load_method
from tcclip.training import train
from tcclip.training.batches import Batch
from tcclip.training.job import TrainingJob
from tcclip.training.objective.objective import Moment
from tcclip.training.setup import Setup, prepare

METHOD = load_method("maxi")
LONG = " ".join(["roll"] * 75)
AT = Moment(seed=5, epoch=1, iteration=0)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = make_world(tmp_path_factory.mktemp("world"))
    known = Backbone.load(folder / "backbone")
    ids = [START, *[900] * len(LONG.split()), 269, END]
    Backbone(known.config, known.tensors, {**known.tokens, f"{LONG}.": ids}).save(folder / "backbone")
    return folder


def job(world: Path, run: str, **changes: object) -> TrainingJob:
    budget = protocol(total_batch=4, micro_batch=4, epochs=2)
    return training_job(world, run, **{"method": METHOD, "protocol": budget, "texts": WORDS, **changes})


def batch_of(*videos: str) -> Batch:
    clips = torch.randn(len(videos), 4, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    return Batch(clips, torch.tensor([int(video[5:]) % 3 for video in videos]), list(videos))


def encoded(setup: Setup) -> list[int]:
    """Is told how many rows each pass through the text tower has."""
    rows: list[int] = []
    setup.model.transformer.blocks[0].ln_1.register_forward_hook(lambda _, given, __: rows.append(len(given[0])))
    return rows


def test_the_loss_is_that_of_all_texts_one_by_one_and_its_gradient_reaches_both_towers(world: Path) -> None:
    setup, batch = prepare(job(world, "loss")), batch_of("train1", "train0", "train4")
    mil, model, rows = setup.objective, setup.model, encoded(setup)
    loss, hits = mil.loss(mil.begin(AT), batch, AT)
    loss.backward()
    different = {text: mil.tokens(*text) for text in mil.bags(batch.videos, AT)}
    shared = 5  # the start and "a photo of a"
    assert rows == [shared + sum(len(tokens) - shared for tokens in different.values())]
    found = {name: weight.grad.clone() for name, weight in model.named_parameters()}
    model.zero_grad()
    tokens = padded([mil.tokens(*text) for text in mil.bags(batch.videos, AT)])
    texts = torch.cat([model.finished(model.encode_tokens(row[None])) for row in tokens])  # each by itself
    videos = model.pooled(model.encode_video(batch.clips))
    logits = model.logit_scale.exp() * F.normalize(videos, dim=-1) @ F.normalize(texts, dim=-1).T
    shares = logits.softmax(dim=1).view(3, 3, 16).sum(dim=2)
    pairs = [shares[i, j] for i in range(3) for j in range(3) if batch.labels[i] == batch.labels[j]]
    expected = -torch.stack(pairs).log().mean()  # 5 pairs: label 1 is there twice
    expected.backward()
    assert len(pairs) == 5 and loss.item() == pytest.approx(expected.item(), rel=1e-5)
    assert hits == (batch.labels[shares.argmax(dim=1)] == batch.labels).sum()
    assert near(found, {name: weight.grad for name, weight in model.named_parameters()})


def test_a_bag_depends_on_seed_epoch_and_video_and_on_nothing_beside_it(world: Path) -> None:
    mil = prepare(job(world, "bags")).objective

    def of_last(at: Moment, *videos: str) -> list[tuple[int, str | None]]:
        return mil.bags(videos, at)[-16:]

    here = of_last(AT, "train3")
    assert here == of_last(dataclasses.replace(AT, iteration=7), "train0", "train1", "train3")
    for others in (
        [(dataclasses.replace(AT, epoch=epoch), "train3") for epoch in range(2, 8)],
        [(dataclasses.replace(AT, seed=seed), "train3") for seed in range(6, 12)],
        [(AT, f"train{number}") for number in (0, 6, 9, 12)],  # of the same words
    ):
        assert any(Counter(of_last(*other)) != Counter(here) for other in others)
    assert set(here) == {(0, word) for word in ("roll", "rolling", "bounce", "sit", "red")}
    for video in ("train2", "train5"):  # neither class nor caption has a word, but for the class's own name
        assert of_last(AT, video) == [(2, None)] * 16


def test_the_factor_starts_anew_and_is_held_below_its_limit(world: Path) -> None:
    setup = prepare(job(world, "scale", method=load_method("maxi", {"score.start": 50.0, "score.most": 50.01})))
    scale = setup.model.logit_scale
    assert scale.item() == pytest.approx(math.log(50))
    for gradient, expected in ((-1.0, math.log(50.01)), (1.0, None)):
        before = scale.item()
        setup.optimizer.zero_grad()
        scale.grad = torch.tensor(gradient)
        for group in setup.optimizer.param_groups:
            group["lr"] = 1e-3
        setup.optimizer.step()
        assert scale.item() == pytest.approx(expected, abs=1e-6) if expected else scale.item() < before
    with pytest.raises(UserError, match="start 50 is above most 10"):
        load_method("maxi", {"score.most": 10.0})


def test_a_trained_run_is_tested_as_it_is_and_mixed_with_clip_without_the_token_table(world: Path) -> None:
    trained = job(world, "trained")
    train(trained)
    assert TOKEN_TABLE not in weights(trained) and weights(trained)["logit_scale"].exp() != pytest.approx(50, abs=1e-5)
    subject, (test,) = evaluation(world, trained.name)
    tuned = trained.folder / "weights.safetensors"
    subject = dataclasses.replace(subject, method=METHOD, weights=tuned, folder=trained.folder)
    jobs = [dataclasses.replace(test, name=f"{we}", we=we, out=test.out.with_name(f"{we}.parquet")) for we in (0, 1)]
    evaluate(subject, jobs)
    scores = [pd.read_parquet(one.out)["top5_scores"].map(list).tolist() for one in jobs]
    assert scores[0] != scores[1]


@pytest.mark.parametrize(
    ("kind", "without", "sentence"),
    [
        ("video_words", "train7", "train7 has no video_words: .* a video's may be an empty file"),
        ("class_words", CLASSES[1], "green star has no class_words"),
    ],
)
def test_a_video_or_class_without_words_ends_the_training_before_it_begins(
    world: Path, kind: str, without: str, sentence: str
) -> None:
    given = {name: words for name, words in WORDS[kind].items() if name != without}
    with pytest.raises(UserError, match=sentence):
        prepare(job(world, "missing", texts={**WORDS, kind: given}))


def test_a_word_that_makes_a_text_too_long_is_named(world: Path) -> None:
    with pytest.raises(UserError, match=r"'roll .*roll\.' behind the longest text of a class makes 8\d tokens"):
        prepare(job(world, "long", texts={**WORDS, "class_words": {**WORDS["class_words"], CLASSES[0]: (LONG,)}}))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"text": {"kind": "coop"}}, "'mil_nce' does not go with text.kind 'coop'"),
        ({"look": {"kind": "patches", "layers": 2, "alpha": 0.1}}, "'mil_nce' does not go with look.kind 'patches'"),
        ({"recipe.objective.word": "word"}, "must contain {word}"),
        ({"recipe.objective.bag": 0}, "greater than or equal to 1"),
    ],
)
def test_what_cannot_be_is_refused_with_the_keys(changes: dict[str, object], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        load_method("maxi", changes)
