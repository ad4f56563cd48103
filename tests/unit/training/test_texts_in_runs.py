"""Texts from outside reach the model of a training and of an evaluation."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pandas as pd
import pytest
import torch
from tiny_world import CLASSES, evaluation, make_world, training_job

from tcclip.data.texts.checked_texts import write_texts
from tcclip.errors import UserError
from tcclip.evaluation import evaluate
from tcclip.models.class_texts import class_prompts
from tcclip.params import load_method
from tcclip.params.reader import names
from tcclip.training.setup import prepare

NEXT = {name: (CLASSES[(label + 1) % len(CLASSES)],) for label, name in enumerate(CLASSES)}  # rephrased by another name
LLM = {"names.source": "llm", "names.otherwise": "vanilla_clip"}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_world(tmp_path_factory.mktemp("world"))


def test_a_training_reads_the_rephrased_names_of_its_classes(world: Path) -> None:
    method = load_method("tc_clip-llm", {"tc.k": 4, "tc.alpha": 0.25})
    plain, llm = (prepare(training_job(world, method=method, texts=texts)).model for texts in ({}, {"rephrased": NEXT}))
    assert torch.equal(llm.tokens, plain.tokens[[1, 2, 0]])


def test_an_evaluation_reads_the_texts_of_its_class_list(world: Path) -> None:
    write_texts(world / "splits/texts/rephrased-all.json", NEXT)
    best = []
    for run, texts in (("plain", {}), ("llm", {"rephrased": world / "splits/texts/rephrased-all.json"})):
        subject, (job,) = evaluation(world, run)
        subject = dataclasses.replace(subject, method=load_method("vanilla_clip", LLM))
        evaluate(subject, [dataclasses.replace(job, texts=texts)])
        best.append(pd.read_parquet(job.out)["top5_classes"].map(lambda classes: classes[0]).to_numpy())
    assert ((best[1] + 1) % len(CLASSES) == best[0]).all()  # the class whose text is the other one's


def test_texts_that_are_missing_are_named() -> None:
    method = load_method("tc_clip-llm")
    with pytest.raises(UserError, match="method tc_clip-llm needs rephrased of class 'a'"):
        class_prompts(method, ["a"], {"rephrased": {"b": ("B: b",)}})
    assert class_prompts(method, ["ApplyMakeup"], {"rephrased": {"ApplyMakeup": ("Make up: A face",)}}) == [
        "a photo of a Make up: A face."
    ]


def test_without_texts_the_given_names_are_taken_for_the_rephrased_ones() -> None:
    assert class_prompts(load_method("tc_clip-llm"), ["Make up: A face"]) == ["a photo of a Make up: A face."]


def test_only_methods_that_say_so_need_texts_from_outside() -> None:
    need = {name for name in names("methods") if load_method(name).outside_of_training}
    assert "tc_clip-llm" in need and not need & {"tc_clip", "vifi_clip", "x_clip", "a5", "action_clip", "vita_clip"}
