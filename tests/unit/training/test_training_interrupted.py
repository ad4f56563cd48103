"""A training that is killed or asked to stop ends with the weights it would have had."""

import dataclasses
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from stopped_training import train_until_stopped
from tiny_systems import OWN_OBJECTIVES, job_of
from tiny_world import machine, same, training_job, weights

from tcclip.params import load_method
from tcclip.stages.train import FILES
from tcclip.training import train


@pytest.fixture(scope="module")
def killed(world) -> None:
    """What trainings leave that SIGKILL has ended in the middle (helpers/killing.py)."""
    here = Path(__file__).parents[2] / "helpers"
    paths = os.pathsep.join([str(here), str(here.parents[1])])
    environment = {**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}
    subprocess.run([sys.executable, str(here / "killing.py"), str(world)], env=environment, check=True, timeout=500)


def test_killed_and_started_again_a_run_ends_with_the_weights_it_would_have_had(world, undisturbed, killed, capsys):
    job = training_job(world, "killed", machine=machine(loader_workers=1))
    goes_on_to_the_same_bits(job, undisturbed, "step 1 of epoch 2", capsys)
    assert sorted(path.name for path in job.folder.iterdir()) == sorted(p.name for p in undisturbed.folder.iterdir())


@pytest.mark.parametrize("system", OWN_OBJECTIVES)
def test_killed_a_system_with_an_objective_of_its_own_goes_on_too(world, killed, capsys, system):
    """Teachers, the weights that are averaged, and what is drawn for a step, a video or a text are as they were."""
    train(plain := job_of(world, f"{system}-plain", system))
    goes_on_to_the_same_bits(job_of(world, f"{system}-killed", system), plain, "step 1 of epoch 3", capsys)


def goes_on_to_the_same_bits(job, undisturbed, place, capsys):
    assert (job.folder / "state.pt").is_file()
    assert not (job.folder / "weights.safetensors").exists()
    capsys.readouterr()
    train(job)
    assert f"{job.name}: continues after {place}" in capsys.readouterr().err
    assert same(weights(job), weights(undisturbed))


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


def test_a_training_whose_files_are_gone_is_not_trained_again_where_its_state_was_kept(
    world, undisturbed, monkeypatch, capsys
):
    """Snakemake removes them where an evaluation in the same job of a cluster fails."""
    job = training_job(world, "kept", keep_state=True)
    train(job)
    first = weights(job)
    for file in FILES:
        (job.folder / file).unlink()
    monkeypatch.delattr("tcclip.training.loop.optimizer_step")
    train(dataclasses.replace(job, keep_state=False))
    assert "kept: was finished before: its files are written again" in capsys.readouterr().err
    assert same(weights(job), first)
    assert sorted(path.name for path in job.folder.iterdir()) == sorted(p.name for p in undisturbed.folder.iterdir())


def test_a_finished_state_that_was_kept_does_not_stop_a_training_of_other_params(world):
    train(training_job(world, "kept and changed", keep_state=True))
    other = training_job(world, "kept and changed", seed=7)
    assert (other.folder / "state.pt").is_file()
    train(other)
    assert not (other.folder / "state.pt").exists()


def test_the_scale_of_fp16_losses_goes_on_where_it_was(world, monkeypatch):
    plain, stopped = (
        training_job(world, f"fp16-{name}", machine=machine(precision="fp16"), device="cpu")
        for name in ("plain", "stopped")
    )
    monkeypatch.setattr("tcclip.training.setup.GROWTH_INTERVAL", 2)  # steps until the scale doubles; 2000 as a rule
    train(plain)
    train_until_stopped(monkeypatch, stopped, signal.SIGTERM, SystemExit)
    train(stopped)
    assert same(weights(plain), weights(stopped))


def test_what_an_objective_draws_is_the_same_after_a_stop(world, monkeypatch):
    method = load_method("a5", {"recipe.objective.most_classes": 2})
    plain, stopped = (training_job(world, f"a5-{name}", method=method) for name in ("plain", "stopped"))
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


@pytest.mark.parametrize("method", ["x_clip", "vita_clip"])
def test_a_compared_system_goes_on_with_the_same_bits_after_a_stop(world, monkeypatch, method):
    plain, stopped = (training_job(world, f"{method}-{name}", method) for name in ("plain", "stopped"))
    train(plain)
    train_until_stopped(monkeypatch, stopped, signal.SIGTERM, SystemExit)
    train(stopped)
    assert same(weights(plain), weights(stopped))
