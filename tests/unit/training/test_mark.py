"""The mark of a resume state: whatever the weights depend on is in it, and nothing else."""

import dataclasses
from pathlib import Path

import pytest
from tiny_world import machine, protocol, training_job

from tcclip.params import load_method
from tcclip.process.files import write_csv
from tcclip.training import TrainingJob
from tcclip.training.mark import Mark, differences, mark_of, only_code_differs

VIDEOS, CLIP = [("a", 0), ("b", 1)], "0" * 64


@pytest.fixture
def job(tmp_path: Path) -> TrainingJob:
    write_csv(tmp_path / "splits/classes/all.csv", ("label", "name"), enumerate(["jump", "run"]))
    return training_job(tmp_path, code={"tcclip.models": "1"}, tags={"data_fingerprint": "1", "suite": "tiny"})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"seed": 6}, "other params (seed was 5, is 6)"),
        ({"flip": False}, "other params (flip was True, is False)"),
        ({"machine": machine(precision="bf16")}, "other params (machine.precision was fp32, is bf16)"),
        ({"machine": machine(threads=2)}, "other params (machine.threads was 1, is 2)"),
        ({"class_names": ("jump", "walk")}, "other data"),
        ({"texts": {}}, "other data"),
        ({"tags": {"data_fingerprint": "2", "suite": "tiny"}}, "other data"),
        ({"code": {"tcclip.models": "2"}}, "other code (tcclip.models)"),
        ({"code": {"tcclip.models": "1", "tcclip.params": "1"}}, "other code (tcclip.params)"),
    ],
)
def test_what_the_weights_depend_on_is_told_when_it_differs(job: TrainingJob, changes: dict, said: str) -> None:
    before, now = (mark_of(each, VIDEOS, CLIP) for each in (job, dataclasses.replace(job, **changes)))
    assert differences(before, now) == [said] and only_code_differs(before, now) == said.startswith("other code")
    assert differences(Mark.of_text(before.as_text()), now) == [said]


def test_other_videos_and_another_backbone_are_told(job: TrainingJob) -> None:
    before = mark_of(job, VIDEOS, CLIP)
    assert differences(before, mark_of(job, [("a", 1), ("b", 1)], CLIP)) == ["other data"]
    assert differences(before, mark_of(job, VIDEOS, "1" * 64)) == ["another backbone"]


def test_where_it_is_trained_and_by_how_many_makes_no_difference(job: TrainingJob) -> None:
    elsewhere = {"folder": Path("elsewhere"), "device": "cuda", "tags": {"data_fingerprint": "1"}, "save_seconds": 9.0}
    other = dataclasses.replace(job, machine=machine(loader_workers=3, gpus=2, eval_batch=1), **elsewhere)
    before, now = mark_of(job, VIDEOS, CLIP), mark_of(other, VIDEOS, CLIP)
    assert differences(before, now) == [] and not only_code_differs(before, now)


@pytest.mark.parametrize(
    ("changes", "key"), [({"eval_batch": 9}, "eval_batch was 8, is 9"), ({"gpus": 2}, "processes was 1, is 2")]
)
def test_batches_of_a_validation_count_where_a_score_depends_on_its_batch(
    job: TrainingJob, changes: dict, key: str
) -> None:
    """Weights are selected by these validations, of which some would be of one kind and some of the other."""
    ost = dataclasses.replace(job, method=load_method("ost"))
    other = dataclasses.replace(ost, machine=machine(**changes))
    assert differences(mark_of(ost, VIDEOS, CLIP), mark_of(other, VIDEOS, CLIP)) == [f"other params (machine.{key})"]
    unseen = {"protocol": protocol(validation={"split": "test", "epochs": []}, select="last")}
    marks = (mark_of(dataclasses.replace(each, **unseen), VIDEOS, CLIP) for each in (ost, other))
    assert differences(*marks) == []
