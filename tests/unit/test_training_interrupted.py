"""A training that is killed or asked to stop ends with the weights it would have had."""

import dataclasses
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tiny_world import make_world, protocol, same, training_job, weights

from tcclip.errors import UserError
from tcclip.params import load_method
from tcclip.training import TrainingJob, train


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Path:
    return make_world(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def undisturbed(world) -> TrainingJob:
    job = training_job(world, "undisturbed")
    train(job)
    return job


SCRIPT = """
import sys, time
from pathlib import Path
import torch
torch.set_num_threads(1)
from tiny_world import training_job
from tcclip.training import loop, train
plain = loop.optimizer_step
def slow(setup, progress, *others):
    plain(setup, progress, *others)
    print(progress.epoch, progress.step, flush=True)
    time.sleep(0.05)
loop.optimizer_step = slow
train(training_job(Path(sys.argv[1]), sys.argv[2], save_seconds=0.0))
"""


def start(world: Path, run: str) -> subprocess.Popen[str]:
    here = Path(__file__).parent
    paths = os.pathsep.join([str(here), str(here.parents[1])])
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(world), run],
        env={**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        text=True,
        cwd=here.parents[1],
    )


def stop_at(process: subprocess.Popen[str], epoch: int, step: int, number: int) -> None:
    assert process.stdout
    for line in process.stdout:
        if line.split() == [str(epoch), str(step)]:
            break
    time.sleep(0.02)
    process.send_signal(number)
    process.wait(timeout=20)


def train_until_stopped(monkeypatch, job, number, end, times=1):
    """Train `job` with signal `number` after the first step of the second epoch; it ends with the exception `end`."""
    step = sys.modules["tcclip.training.loop"].optimizer_step

    def interrupted(setup, progress, *others):
        step(setup, progress, *others)
        if (progress.epoch, progress.step) == (1, 1):
            for _ in range(times):
                os.kill(os.getpid(), number)

    with monkeypatch.context() as patch:
        patch.setattr("tcclip.training.loop.optimizer_step", interrupted)
        with pytest.raises(end) as stopped:
            train(job)
    return stopped


def test_killed_and_started_again_a_run_ends_with_the_weights_it_would_have_had(world, undisturbed, capsys):
    stop_at(start(world, "killed"), epoch=1, step=2, number=signal.SIGKILL)
    job = training_job(world, "killed", loader_workers=1)
    assert (job.folder / "state.pt").is_file()
    assert not (job.folder / "weights.safetensors").exists()
    train(job)
    assert "killed: continues after step" in capsys.readouterr().err
    assert same(weights(job), weights(undisturbed))
    assert sorted(path.name for path in job.folder.iterdir()) == sorted(p.name for p in undisturbed.folder.iterdir())


@pytest.mark.parametrize(
    ("number", "end"),
    [(signal.SIGTERM, SystemExit), (signal.SIGUSR1, SystemExit), (signal.SIGINT, KeyboardInterrupt)],
)
def test_asked_to_stop_a_run_saves_after_the_current_step_and_continues_later(
    world, undisturbed, monkeypatch, number, end
):
    job = training_job(world, f"stopped{number}", save_seconds=1e9)
    stopped = train_until_stopped(monkeypatch, job, number, end)
    if end is SystemExit:
        assert stopped.value.code == 128 + number
    assert (job.folder / "state.pt").is_file()
    train(job)
    assert same(weights(job), weights(undisturbed))


def test_the_scale_of_fp16_losses_goes_on_where_it_was(world, monkeypatch):
    plain, stopped = (
        training_job(world, f"fp16-{name}", precision="fp16", device="cpu") for name in ("plain", "stopped")
    )
    monkeypatch.setattr("tcclip.training.setup.GROWTH_INTERVAL", 2)  # steps until the scale doubles; 2000 as a rule
    train(plain)
    train_until_stopped(monkeypatch, stopped, signal.SIGTERM, SystemExit)
    train(stopped)
    assert same(weights(plain), weights(stopped))


def test_told_twice_that_its_time_is_over_a_run_still_saves_and_continues_later(world, undisturbed, monkeypatch):
    job = training_job(world, "told_twice", save_seconds=1e9)
    train_until_stopped(monkeypatch, job, signal.SIGTERM, SystemExit, times=2)
    train(job)
    assert same(weights(job), weights(undisturbed))


@pytest.mark.parametrize("summarizer", ["random", "kmeans"])
def test_what_a_summarizer_draws_is_the_same_after_a_stop(world, monkeypatch, summarizer):
    method = load_method("tc_only", {"tc.k": 4, "tc.alpha": 0.25, "tc.summarizer": summarizer})
    plain, stopped, fixed = (
        training_job(world, f"{summarizer}-{name}", method=method) for name in ("plain", "stopped", "fixed")
    )
    train(plain)
    train_until_stopped(monkeypatch, stopped, signal.SIGTERM, SystemExit)
    train(stopped)
    assert same(weights(plain), weights(stopped))
    monkeypatch.setattr("tcclip.models.vision.tower.VisionTower.draw", lambda *_: None)
    train(fixed)
    assert not same(weights(plain), weights(fixed))  # a training step does not use the draws of evaluation


def test_the_state_of_other_params_is_refused_with_the_command_that_repairs_it(world, monkeypatch):
    job = training_job(world, "foreign", save_seconds=0.0)
    monkeypatch.setattr("tcclip.training.outputs.write", lambda *_: (_ for _ in ()).throw(OSError("disk gone")))
    with pytest.raises(OSError, match="disk gone"):
        train(job)
    other = dataclasses.replace(job, protocol=protocol(lr=2e-3))
    with pytest.raises(UserError, match=r"other params, data, backbone, precision or code: rm '.*/foreign/state\.pt'"):
        train(other)
    (job.folder / "state.pt").write_bytes(b"not a state")
    with pytest.raises(UserError, match=r"cannot be read as a resume state: rm '.*/foreign/state\.pt'"):
        train(job)
