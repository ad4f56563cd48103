"""What a training leaves belongs together: no report of one training lies beside weights of another."""

import dataclasses
import json

import pytest
from tiny_world import protocol, same, training_job, weights

from tcclip.errors import UserError
from tcclip.models.weights_file import read_run_weights
from tcclip.process.files import sha256
from tcclip.stages.train import is_made
from tcclip.training import outputs, train


def test_ended_while_it_writes_its_files_a_training_on_other_data_is_not_taken_for_made(world, monkeypatch):
    """The report of the training before has the same params and code, and the new params.yaml the new data."""
    before = training_job(world, "written", tags={"data_fingerprint": "1"}, made_by="ab", save_seconds=1e9)
    train(before)
    assert is_made(before)
    now = dataclasses.replace(before, tags={"data_fingerprint": "2"})
    assert not is_made(now)
    with monkeypatch.context() as patch, pytest.raises(SystemExit):
        patch.setattr(outputs, "environment", lambda *_: (_ for _ in ()).throw(SystemExit(137)))
        train(now)
    assert {path.name for path in now.folder.iterdir()} == {"weights.safetensors", "history.csv", "params.yaml"} | {
        "environment.json"  # of the one before
    }
    assert not is_made(now)
    train(now)
    assert is_made(now)


def test_a_run_whose_last_epochs_weights_are_gone_is_made_again(world):
    both = protocol(test_last=True)
    job = training_job(world, "both", protocol=both, tags={"data_fingerprint": "1"}, made_by="ab")
    train(job)
    first = weights(job)
    assert is_made(job)
    (job.folder / "last.safetensors").unlink()
    assert not is_made(job)
    train(job)
    assert is_made(job) and same(weights(job), first)


@pytest.mark.parametrize("name", ["weights.safetensors", "last.safetensors"])
def test_weights_in_which_a_bit_has_changed_are_refused(world, name):
    """A weight's, of which nothing else tells: the run would be tested with others than it was trained to."""
    job = training_job(world, "changed", protocol=protocol(test_last=True))
    if not (path := job.folder / name).is_file():
        train(job)
    assert json.loads((job.folder / "training.json").read_text())["weights"][name] == sha256(path)
    whole = path.read_bytes()
    read_run_weights(path, "")
    path.write_bytes(whole[:-5] + bytes([whole[-5] ^ 1]) + whole[-4:])
    with pytest.raises(UserError, match=f"^{path} has other bytes than its training wrote .*: train it again$"):
        read_run_weights(path, "train it again")
    path.write_bytes(whole)
