"""Which process of a training takes its samples."""

from types import SimpleNamespace

import pytest

from tcclip.process import distributed
from tcclip.stages.train import train_watched
from tcclip.tracking import live
from tcclip.training import job, loop


@pytest.fixture
def train(tmp_path, monkeypatch):
    """A training of no epoch, in this process."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setattr(job, "resolved_params", lambda _: {})
    monkeypatch.setattr(loop, "train", lambda _, watch=None: watch and watch([]))
    asked = SimpleNamespace(folder=tmp_path / "run", machine=SimpleNamespace(sample_seconds=0.1))
    asked.folder.mkdir()
    return lambda: train_watched(asked, {"suite": "mini"}) or [path.name for path in asked.folder.iterdir()]


def test_a_rank_that_somebody_else_has_given_this_machine_silences_no_training(train, monkeypatch):
    monkeypatch.setenv("RANK", "1")  # as Kubernetes does to a pod
    assert train() == ["system.csv"]


def test_only_the_first_of_several_processes_takes_samples(train, monkeypatch):
    monkeypatch.setattr(distributed, "rank", lambda: 1)
    monkeypatch.setattr(live, "watched", lambda *_: pytest.fail("it is watched"))
    assert train() == []
