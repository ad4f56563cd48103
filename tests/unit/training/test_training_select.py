"""Which weights a training keeps: a selection of one epoch's, or the mean of several."""

import json
import signal
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from stopped_training import train_until_stopped
from tiny_world import make_world, protocol, same, training_job, weights

from tcclip.errors import UserError
from tcclip.params import load_protocol
from tcclip.params.budget import SuiteBudget
from tcclip.plan import load_plan
from tcclip.plan.layout import LAST
from tcclip.stages import train as stage
from tcclip.training import train

AVERAGE = {"kind": "average", "from_epoch": 1}


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Path:
    return make_world(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def averaged(world):
    job = training_job(world, "averaged", protocol=protocol(select=AVERAGE))
    train(job)
    return job


def test_the_average_is_the_mean_of_the_weights_after_each_epoch_from_one_on(world, averaged, monkeypatch):
    """Those of the epochs are taken from a training that keeps the last weights."""
    after, finish = [], sys.modules["tcclip.training.loop"].finish_epoch

    def watched(setup, *others):
        after.append({name: p.detach().double() for name, p in setup.parameters.items()})
        finish(setup, *others)

    monkeypatch.setattr("tcclip.training.loop.finish_epoch", watched)
    last = training_job(world, "last", protocol=protocol(select="last"))
    train(last)
    assert len(after) == 3
    expected = {name: ((after[1][name] + after[2][name]) / 2).float() for name in after[0]}
    assert same(weights(averaged), expected)
    assert not same(weights(averaged), weights(last))


def test_an_average_that_was_interrupted_has_the_same_bits(world, averaged, monkeypatch):
    stopped = training_job(world, "stopped", protocol=protocol(select={"kind": "average", "from_epoch": 0}))
    plain = training_job(world, "plain", protocol=stopped.protocol)
    train(plain)
    train_until_stopped(monkeypatch, stopped, signal.SIGTERM, SystemExit)  # in the second epoch: one is in the sum
    state = torch.load(stopped.folder / "state.pt", weights_only=True)
    assert state["progress"]["held"]["logit_scale"].dtype == torch.float64
    train(stopped)
    assert same(weights(stopped), weights(plain)) and not same(weights(plain), weights(averaged))


def test_an_average_of_one_epoch_is_that_epoch(world):
    jobs = [
        training_job(world, run, protocol=protocol(select=select))
        for run, select in (("one", {"kind": "average", "from_epoch": 2}), ("the-last", "last"))
    ]
    for job in jobs:
        train(job)
    assert same(*map(weights, jobs))


def test_what_was_kept_is_told_and_the_last_weights_may_lie_beside_it(world, averaged):
    job = training_job(world, "both", protocol=protocol(select=AVERAGE, test_last=True))
    train(job)
    told = json.loads((job.folder / "training.json").read_text())["selected"]
    assert told == {"rule": "average", "val_top1": None, "from_epoch": 1}
    assert same(weights(job), weights(averaged)) and not same(load_file(job.folder / LAST), weights(job))


def test_a_bare_name_is_a_selection_without_keys_and_one_put_over_another_loses_its_keys(monkeypatch):
    assert protocol(select="best").select == protocol(select={"kind": "best"}).select
    assert protocol(select="best").model_dump(mode="json")["select"] == "best"  # as in the params of earlier runs
    assert protocol(select=AVERAGE).model_dump(mode="json")["select"] == AVERAGE
    assert load_protocol("zero_shot", SuiteBudget({"select": AVERAGE}, "here")).select.from_epoch == 1
    assert protocol(select={**AVERAGE, "kind": "last"}) == protocol(select="last")


@pytest.mark.parametrize(
    ("select", "sentence"),
    [
        ({"kind": "average", "from_epoch": 10}, r"from_epoch is counted from 0: 10 is not below epochs \(10\)"),
        ("averaged", "unknown kind 'averaged' of select: did you mean 'average'?"),
        ({**AVERAGE, "from": 2}, "unknown key 'select.from': did you mean 'from_epoch'?"),
    ],
)
def test_a_selection_that_cannot_be_is_refused(select, sentence):
    with pytest.raises(UserError, match=sentence):
        load_protocol("zero_shot", SuiteBudget({"select": select}, "here"))


def test_a_training_depends_on_the_code_of_its_own_selection():
    plan = load_plan("mini")
    for name in (name for name, run in plan.runs.items() if run.trained):
        kind = plan.protocol_for(plan.run(name)).select.kind
        found = [m for m in stage.depends_on(plan, name).modules if m.startswith("tcclip.training.select.")]
        assert found == [f"tcclip.training.select.{kind}"]
