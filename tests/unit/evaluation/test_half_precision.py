"""An evaluation or a prediction in bfloat16 says so, has numbers of its own, and is the same every time."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
import torch
from tiny_source import evaluated, source_of, subject_of, tiny, told, written
from tiny_world import make_world
from typer.testing import CliRunner

from tcclip import Model
from tcclip.cli.app import app
from tcclip.errors import UserError
from tcclip.evaluation import evaluate
from tcclip.evaluation.agreement import agreement
from tcclip.evaluation.subject import Subject
from tcclip.params.protocol import CENTRE
from tcclip.plan.evaluation import Evaluation


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_world(tmp_path_factory.mktemp("world"), broken=("test2",))


@pytest.fixture(scope="module")
def subject(world: Path) -> Subject:
    return subject_of(world, tiny("tc_clip"))


def at(subject: Subject, precision: str) -> Subject:
    return dataclasses.replace(subject, machine=subject.machine.model_copy(update={"precision": precision}))


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_prediction_has_the_scores_of_an_evaluation_in_its_precision_bit_for_bit(
    world: Path, subject: Subject, precision: str
) -> None:
    job = evaluated(world, subject, max_missing=0.2)
    evaluate(at(subject, precision), [job])
    made = json.loads((subject.folder / "metrics.json").read_text())["evaluations"][job.name]["made_by"]
    assert made["precision"] == precision
    model = Model(source_of(world, subject), "cpu", precision)
    assert model.precision == precision
    assert [video for video in told(model.predict([], dataset="tiny", split="test")) if video[1]] == written(job.out)


@pytest.mark.parametrize("native", [True, False])
def test_auto_predicts_in_bfloat16_where_the_processor_computes_in_it(
    world: Path, subject: Subject, native: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: native)
    source = source_of(world, subject)
    assert Model(source, "cpu", "auto").precision == ("bf16" if native else "fp32")
    assert Model(source, "cpu").precision == "fp32"  # as the subject is evaluated


def test_a_precision_that_there_is_not_is_one_sentence(world: Path, subject: Subject) -> None:
    with pytest.raises(UserError, match="unknown precision 'half'"):
        Model(source_of(world, subject), "cpu", "half")


def test_an_evaluation_in_another_precision_stands_beside_the_suites() -> None:
    suites = Evaluation("run", "hmdb51", "test1", CENTRE, we=False)
    assert dataclasses.replace(suites, precision="bf16").name == f"{suites.name}-bf16"


def test_the_tables_evaluations_are_not_asked_for_another_precision() -> None:
    said = CliRunner().invoke(app, ["evaluate", "vanilla_clip", "--gpus", "0", "--precision", "bf16"])
    assert said.exit_code == 1 and "--precision need both" in said.stderr


def test_agreement_says_how_many_videos_keep_their_class_and_whether_a_repetition_is_the_same(
    world: Path, subject: Subject
) -> None:
    job = evaluated(world, subject, max_missing=0.2)
    found = agreement(subject, job, "bf16")
    assert (found.evaluation, found.videos, found.repeats) == (job.name, 6, True)  # of 7 one is broken
    assert 0 <= found.same <= 6 and 0 < found.most < 0.2
    assert all(0 <= accuracy <= 100 for accuracy in found.top1)
