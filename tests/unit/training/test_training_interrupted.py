"""A training that is killed or asked to stop ends with the weights it would have had."""

import dataclasses
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from tiny_systems import OWN_OBJECTIVES, job_of, world_of_systems
from tiny_world import machine, protocol, same, training_job, weights

from tcclip.errors import UserError
from tcclip.params import load_method
from tcclip.process.files import short_hash
from tcclip.stages.train import FILES
from tcclip.training import TrainingJob, train


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Path:
    return world_of_systems(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def undisturbed(world) -> TrainingJob:
    job = training_job(world, "undisturbed")
    train(job)
    return job


@pytest.fixture(scope="module")
def killed(world) -> None:
    """What trainings leave that SIGKILL has ended in the middle (helpers/killing.py)."""
    here = Path(__file__).parents[2] / "helpers"
    paths = os.pathsep.join([str(here), str(here.parents[1])])
    environment = {**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}
    subprocess.run([sys.executable, str(here / "killing.py"), str(world)], env=environment, check=True, timeout=500)


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


CODE = {"tcclip.training.loop": "1", "tcclip.models.attention": "1"}
OTHER_CODE = {**CODE, "tcclip.models.attention": "2"}


@pytest.fixture
def interrupted(world, monkeypatch, request) -> TrainingJob:
    """A training that was stopped in its second epoch and left its state."""
    run = f"run-{short_hash(request.node.name)}"
    job = training_job(world, run, save_seconds=1e9, code=CODE, tags={"suite": "tiny"})
    train_until_stopped(monkeypatch, job, signal.SIGTERM, SystemExit)
    return job


def refusal(job) -> str:
    with pytest.raises(UserError) as error:
        train(job)
    return str(error.value)


def training_json(job):
    return json.loads((job.folder / "training.json").read_text())


def test_a_state_of_other_params_is_refused_with_what_differs_and_the_command_that_repairs_it(interrupted, undisturbed):
    said = refusal(dataclasses.replace(interrupted, protocol=protocol(lr=2e-3), across_code=True))
    assert f"{interrupted.folder / 'state.pt'} was left in epoch 2 by a training with other params" in said
    assert "(protocol.lr was 0.001, is 0.002): `tcclip train " in said and "--suite tiny --restart` trains" in said
    assert "--continue" not in said and "put TCCLIP_RESTART=1 before `snakemake`" in said
    train(interrupted)  # its own params: nothing is lost
    assert same(weights(interrupted), weights(undisturbed))


def test_with_restart_a_state_of_other_params_gives_way_to_a_new_training(world, interrupted):
    other = dataclasses.replace(interrupted, protocol=protocol(lr=2e-3), restart=True)
    train(other)
    fresh = training_job(world, "fresh", protocol=protocol(lr=2e-3))
    train(fresh)
    assert same(weights(other), weights(fresh))


def test_with_restart_a_training_s_own_state_is_gone_on_with(interrupted, undisturbed, capsys):
    train(dataclasses.replace(interrupted, restart=True))
    assert "continues after step" in capsys.readouterr().err
    assert same(weights(interrupted), weights(undisturbed))


def test_a_state_of_other_code_is_refused_with_the_modules_and_both_commands(interrupted):
    said = refusal(dataclasses.replace(interrupted, code=OTHER_CODE))
    assert "by a training with other code (tcclip.models.attention): `tcclip train" in said
    assert "--continue` goes on under today's code" in said and "--restart` trains from the start" in said
    assert "TCCLIP_RESTART=1 or TCCLIP_CONTINUE=1 before `snakemake`" in said


def test_with_continue_it_goes_on_under_other_code_and_the_run_says_so(interrupted, undisturbed):
    train(dataclasses.replace(interrupted, code=OTHER_CODE, across_code=True))
    assert same(weights(interrupted), weights(undisturbed))  # these two codes do the same
    assert training_json(interrupted)["continued"] == [{"epoch": 1, "step": 1, "code_before": short_hash(CODE)}]
    assert "continued" not in training_json(undisturbed)


def test_gone_on_with_under_other_code_and_stopped_again_it_still_says_so(interrupted, monkeypatch):
    job = dataclasses.replace(interrupted, code=OTHER_CODE, across_code=True)
    with monkeypatch.context() as patch, pytest.raises(OSError, match="disk gone"):
        patch.setattr("tcclip.training.outputs.write", lambda *_: (_ for _ in ()).throw(OSError("disk gone")))
        train(dataclasses.replace(job, save_seconds=0.0))
    train(dataclasses.replace(job, across_code=False))
    assert [place["step"] for place in training_json(job)["continued"]] == [1]


def test_other_data_are_named(interrupted):
    said = refusal(dataclasses.replace(interrupted, tags={**interrupted.tags, "data_fingerprint": "other"}))
    assert "by a training with other data: " in said and "--continue" not in said


def test_a_state_of_an_earlier_version_is_refused_plainly(interrupted):
    path = interrupted.folder / "state.pt"
    content = torch.load(path, weights_only=True)
    torch.save({"fingerprint": content.pop("mark"), **content}, path)
    assert "was left in epoch 2 by a training with params, data and code that it does not name: " in refusal(
        interrupted
    )
    train(dataclasses.replace(interrupted, restart=True))


def without(content, *keys):
    return {key: value for key, value in content.items() if key not in keys}


def earlier(content):
    """As it was before the selection held weights."""
    progress = {**without(content["progress"], "held", "continued"), "best_weights": content["progress"]["held"]}
    return {**content, "progress": progress}


OTHER_VERSIONS = {
    "before weights were held": earlier,
    "before marks": lambda c: {"fingerprint": "ab12", **without(earlier(c), "mark")},
    "a key less": lambda c: {**c, "progress": without(c["progress"], "held")},
    "a key more": lambda c: {**c, "progress": {**c["progress"], "ema": {}}},
    "a sum more": lambda c: {**c, "progress": {**c["progress"], "sums": {**c["progress"]["sums"], "top5": 0}}},
    "a sum less": lambda c: {**c, "progress": {**c["progress"], "sums": without(c["progress"]["sums"], "waited")}},
    "a mark with more": lambda c: {**c, "mark": json.dumps({**json.loads(c["mark"]), "videos": "x"})},
    "a mark with less": lambda c: {**c, "mark": json.dumps(without(json.loads(c["mark"]), "backbone"))},
    "a mark that is no JSON": lambda c: {**c, "mark": "ab12"},
    "a mark of another form": lambda c: {**c, "mark": json.dumps({**json.loads(c["mark"]), "settings": "ab12"})},
    "no optimizer": lambda c: without(c, "optimizer"),
}


@pytest.mark.parametrize("version", OTHER_VERSIONS)
def test_a_state_of_any_other_version_is_refused_with_the_command_that_trains_anew(interrupted, version):
    path = interrupted.folder / "state.pt"
    torch.save(OTHER_VERSIONS[version](torch.load(path, weights_only=True)), path)
    for job in (interrupted, dataclasses.replace(interrupted, across_code=True)):
        said = refusal(job)
        assert f"{path} was left in epoch 2 by a training with " in said and "--continue" not in said
        assert "--suite tiny --restart` trains from the start" in said
    train(dataclasses.replace(interrupted, restart=True))
    assert (interrupted.folder / "weights.safetensors").is_file() and not path.exists()


@pytest.mark.parametrize("part", ["weights", "optimizer"])
def test_a_state_whose_parts_todays_code_does_not_have_cannot_be_continued_and_says_so(interrupted, part):
    path = interrupted.folder / "state.pt"
    content = torch.load(path, weights_only=True)
    content[part] = {f"renamed.{name}": value for name, value in content[part].items()}
    torch.save(content, path)
    said = refusal(dataclasses.replace(interrupted, code=OTHER_CODE, across_code=True))
    assert "by a training with a model or an optimizer that today's code does not have: `tcclip train" in said
    assert "--restart` trains from the start" in said and "--continue" not in said


def test_what_is_no_state_says_so(interrupted):
    (interrupted.folder / "state.pt").write_bytes(b"not a state")
    assert re.search(r"cannot be read as a resume state: rm '.*/state\.pt'", refusal(interrupted))
    train(dataclasses.replace(interrupted, restart=True))
    assert (interrupted.folder / "weights.safetensors").is_file()
