"""Files of a run that are gone or cut off end its evaluation with what makes them again."""

import dataclasses

import pytest
from tiny_world import evaluation, make_world

from tcclip.errors import UserError
from tcclip.evaluation import evaluate

CUT = {"gone": None, "of no bytes": b"", "half": b'{"selected": {"ru'}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return make_world(tmp_path_factory.mktemp("world"))


@pytest.mark.parametrize("how", CUT)
def test_the_report_of_the_training_before_videos_are_predicted(world, how):
    subject, jobs = evaluation(world, f"run {how}")
    subject.folder.mkdir(parents=True)
    weights, report = subject.folder / "weights.safetensors", subject.folder / "training.json"
    weights.touch()
    if (left := CUT[how]) is not None:
        report.write_bytes(left)
    fault = "is not there: " if left is None else r"is not whole \(.*\): "
    with pytest.raises(UserError, match=f"^{report} {fault}`tcclip train run {how}` makes it"):
        evaluate(dataclasses.replace(subject, weights=weights), jobs)
    assert not (subject.folder / "predictions").exists()


@pytest.mark.parametrize("left", [b"", b'{"run": "r", "evalu'])
def test_the_evaluations_beside_which_another_one_is_put(world, left):
    """Nothing is lost of a file that a person may repair, and nothing that is cut off passes for whole."""
    subject, jobs = evaluation(world, f"metrics {len(left)}")
    subject.folder.mkdir(parents=True)
    metrics = subject.folder / "metrics.json"
    metrics.write_bytes(left)
    with pytest.raises(UserError, match=rf"^{metrics} is not whole \(.*\): rm '{metrics}', and `tcclip evaluate"):
        evaluate(subject, jobs, keep=True)
    assert metrics.read_bytes() == left
    evaluate(subject, jobs)
