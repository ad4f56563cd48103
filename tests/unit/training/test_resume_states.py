"""A resume state goes on only where it fits; any other one is refused with what differs and what repairs it."""

import dataclasses
import json
import re
import resource
import signal

import pytest
import torch
from stopped_training import train_until_stopped
from tiny_world import protocol, same, training_job, weights

from tcclip.errors import UserError
from tcclip.process.files import short_hash
from tcclip.training import TrainingJob, train

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


def test_a_state_in_which_a_bit_has_changed_is_none(interrupted, undisturbed):
    """A weight's, of which nothing else tells: the training would end in other weights without a word."""
    path = interrupted.folder / "state.pt"
    whole = path.read_bytes()
    weight = torch.load(path, weights_only=True)["weights"]["visual.conv1.weight"].numpy().tobytes()
    place = whole.index(weight) + len(weight) // 2
    path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
    assert f"{path} cannot be read as a resume state: rm '{path}'" in refusal(interrupted)
    path.write_bytes(whole)
    train(interrupted)
    assert same(weights(interrupted), weights(undisturbed))


@pytest.mark.parametrize(
    ("after", "place", "bit"),
    [(b"archive/data/0", -36, 8), (b"archive/data/0", -8, 16), (b"PK\x06\x06", 48, 1)],
    ids=["a weight is compressed", "a weight is a folder", "the parts begin before the file"],
)
def test_a_state_in_whose_table_of_parts_a_bit_has_changed_is_none(interrupted, after, place, bit):
    """Of a folder torch reads nothing, and the weight is whatever was in memory."""
    path = interrupted.folder / "state.pt"
    changed = bytearray(path.read_bytes())
    changed[changed.rindex(after) + place] ^= bit
    path.write_bytes(changed)
    assert f"{path} cannot be read as a resume state: rm '{path}'" in refusal(interrupted)


@pytest.mark.parametrize("most", [20_000, 200_000, -100])
def test_a_state_larger_than_a_file_may_be_names_itself_and_the_limit_and_the_one_before_stays(interrupted, most):
    """torch hides the system's reason, as it does on a disk whose quota is used up."""
    path = interrupted.folder / "state.pt"
    before, limits = path.read_bytes(), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most if most > 0 else len(before) + most, limits[1]))
    try:
        said = refusal(dataclasses.replace(interrupted, keep_state=True))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert said.startswith(f"this process may not write a file as large as {path}: raise the limit (`ulimit -f`)")
    assert path.read_bytes() == before and [path] == list(interrupted.folder.iterdir())
    train(interrupted)


@pytest.mark.parametrize("left", [0, 1, 1000, -1])
def test_a_state_that_is_cut_off_is_none(interrupted, left):
    path = interrupted.folder / "state.pt"
    path.write_bytes(path.read_bytes()[:left])
    assert f"{path} cannot be read as a resume state: rm '{path}'" in refusal(interrupted)
