"""OST in training and evaluation: descriptors are encoded once, and what a score depends on beside its own pair."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from described_world import TEXTS, described_world, job_of, method
from tiny_world import evaluation, machine, weights
from torch import Tensor

from tcclip.data.texts.checked_texts import write_texts
from tcclip.errors import UserError
from tcclip.evaluation import evaluate
from tcclip.models.score import transport
from tcclip.params import load_method
from tcclip.params.kinds.make import make
from tcclip.training import step, train
from tcclip.training.setup import prepare
from tcclip.training.state import Progress


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return described_world(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def trained(world: Path) -> Path:
    """The folder of a finished run."""
    job = job_of(world, "plain")
    train(job)
    return job.folder


def test_every_weight_learns(world: Path, trained: Path) -> None:
    job = job_of(world, trained.name)
    start = prepare(job).parameters
    assert all(not torch.equal(start[name], tensor) for name, tensor in weights(job).items())


def scores(world: Path, trained: Path, name: str, batch: int, we: bool = False) -> np.ndarray:
    """The scores of a run's test with `batch` clips at a time."""
    subject, (job,) = evaluation(world, "plain")
    subject = dataclasses.replace(
        subject,
        method=method(score__stop="pair"),
        weights=trained / "weights.safetensors",
        frames=2,
        machine=machine(eval_batch=batch),
    )
    out = world / f"{name}.parquet"
    texts = {"descriptors": world / "descriptors.json"}
    evaluate(subject, [dataclasses.replace(job, out=out, texts=texts, we=we)])
    return np.stack(pd.read_parquet(out)["top5_scores"])


def test_a_score_by_pair_does_not_depend_on_how_many_clips_are_scored_at_once(world: Path, trained: Path) -> None:
    write_texts(world / "descriptors.json", TEXTS["descriptors"])
    one, many = (scores(world, trained, f"pair{batch}", batch) for batch in (1, 8))
    assert np.allclose(one, many, atol=1e-6) and np.allclose(one.sum(1), 2, atol=1e-6)  # probabilities of two views
    assert not np.allclose(scores(world, trained, "we", 8, we=True), many, atol=1e-5)


def test_descriptors_of_a_class_are_made_once_a_step_and_only_of_its_videos_classes(
    world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    setup, seen = prepare(job_of(world, "once")), []
    model = setup.model
    real = model.encode_classes
    monkeypatch.setattr(model, "encode_classes", lambda rows=None: (seen.append(rows), real(rows))[1])
    clips, labels = torch.randn(8, 2, 3, 32, 32), torch.tensor([2, 0, 0, 2, 2, 2, 0, 2])
    parts = zip(clips.split(2), labels.split(2), strict=True)
    step.optimizer_step(setup, Progress(), iter([step.Batch(*part, ["", ""]) for part in parts]), lambda: None)
    assert [rows.tolist() for rows in seen] == [[0, 2, 3, 5, 6, 8, 9, 11]]  # four texts of classes 0 and 2


def test_the_score_compiles_to_one_graph() -> None:
    score = make(method().score)
    torch.compiler.reset()
    given = torch.randn(2, 3, 8, requires_grad=True), torch.randn(3, 2, 2, 8), torch.tensor(5.0)
    assert torch.allclose(torch.compile(score, backend="eager", fullgraph=True)(*given), score(*given), atol=1e-5)


def test_mixed_precision_trains_with_float32_weights_and_plans(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kinds, real = set(), transport.sinkhorn

    def seen(cosines: Tensor, *keys: Any) -> tuple[Tensor, list[Tensor]]:
        kinds.add(cosines.dtype)
        return real(cosines, *keys)

    monkeypatch.setattr(transport, "sinkhorn", seen)
    half = job_of(world, "bf16", steps=2, machine=machine(precision="bf16"))
    train(half)
    assert {tensor.dtype for tensor in weights(half).values()} == kinds == {torch.float32}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"pool": "mean"}, r"score\.kind 'transport' does not go with pool\.kind 'mean'"),
        ({"text": {"kind": "name", "prompt": "{name}"}}, r"score\.kind 'transport' does not go with text\.kind 'name'"),
        ({"score": "per_frame"}, r"text\.kind 'descriptors' does not go with score\.kind 'per_frame'"),
        ({"text.spatial": "a {name}"}, r"text\.spatial.*must contain \{descriptor\}"),
    ],
)
def test_kinds_that_do_not_go_together_are_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said):
        load_method("ost", changes)


def test_a_class_with_another_number_of_descriptors_is_named(world: Path) -> None:
    with pytest.raises(UserError, match=r"class 'red ball' has 4 descriptors, and text\.count 4 asks for 4 spatial"):
        prepare(job_of(world, "count", kind=load_method("ost")))
