"""`--set` changes values of one run, which is then another run beside it, or of the whole plan."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tcclip.cli.app import app
from tcclip.errors import UserError
from tcclip.plan import Plan, load_plan
from tcclip.plan.changes import changed_plan, changed_run, parse
from tcclip.process import launch
from tcclip.training.job import resolved_params

RUN = "few_shot-hmdb51-k2-tc_clip-s1024"
ZERO_SHOT = "zero_shot-k400-tc_clip-s1024"


def changed(*texts: str, run: str = RUN) -> tuple[Plan, str]:
    return changed_run(load_plan("mini"), run, texts)


def test_a_changed_run_is_a_run_of_its_own_whose_name_says_what_is_changed() -> None:
    plan, name = changed("tc.k=32")
    assert name == f"{RUN}+tc.k=32"
    assert list(plan.runs) == [name]
    run, method = plan.run(name), plan.method("tc_clip")
    assert method.tc is not None and method.tc.k == 32
    assert (run.method, run.role, run.shots, run.seed) == ("tc_clip", "hmdb51", 2, 1024)
    assert run.weights_of == name
    assert run.arguments == f"{RUN} --set tc.k=32"


def test_nothing_changed_is_the_plan_itself() -> None:
    plan = load_plan("mini")
    assert changed_run(plan, RUN, []) == (plan, RUN)
    assert changed_plan(plan, []) is plan


def test_the_same_values_have_the_same_name_in_whatever_order_and_spelling_they_come() -> None:
    assert changed("tc.k=32", "protocol.lr=1e-4")[1] == changed("protocol.lr=0.0001", "tc.k=32")[1]
    assert changed("tc.k=32", "protocol.lr=1e-4")[1] == f"{RUN}+protocol.lr=0.0001+tc.k=32"


def test_keys_of_the_protocol_lie_over_the_suites_budget() -> None:
    plan, name = changed("protocol.lr=1e-4", "protocol.epochs=3", "protocol.lr_min={times: 0.5}")
    protocol = plan.protocol_for(plan.run(name))
    assert (protocol.lr, protocol.epochs, protocol.lr_min) == (1e-4, 3, pytest.approx(1.5e-6))
    assert protocol.total_batch == load_plan("mini").protocol("few_shot").total_batch


def test_it_is_evaluated_on_what_the_run_is_evaluated_on() -> None:
    whole, (plan, name) = load_plan("mini"), changed("tc.k=32", run=ZERO_SHOT)
    assert [e.name for e in plan.evaluations(name)] == [e.name for e in whole.evaluations(ZERO_SHOT)]
    assert {e.run for e in plan.evaluations(name)} == {name}
    assert plan.tables_of(name) == []
    plan, name = changed("protocol.views.temporal=4")
    assert [e.name for e in plan.evaluations(name)] == ["hmdb51-test1-4x1"]
    plan, name = changed("protocol.views.mode=deterministic")  # other frames, beside those of mode paper
    assert [e.name for e in plan.evaluations(name)] == ["hmdb51-test1-2x1-even"]


def test_the_last_epoch_is_tested_where_the_changed_protocol_keeps_it() -> None:
    for value, last in (("true", [False, True]), ("false", [False])):
        plan, name = changed_run(load_plan("paper"), RUN, [f"protocol.test_last={value}"])
        assert [e.last for e in plan.evaluations(name)] == last


def test_where_no_training_depends_on_the_value_the_weights_are_those_of_the_run() -> None:
    for text in ("we.w=0.5", "protocol.views.temporal=4"):
        plan, name = changed(text, run=ZERO_SHOT)
        assert plan.run(name).weights_of == ZERO_SHOT
    plan, name = changed("names.underscores_to_spaces=true", run="untrained-vanilla_clip")
    assert not plan.run(name).trained


def test_a_new_seed_is_the_runs() -> None:
    plan, name = changed("protocol.seed=7")
    assert plan.run(name).seed == 7 and plan.run(name).weights_of == name


def test_a_value_with_blanks_is_one_word_of_the_command_line() -> None:
    plan, name = changed("text.prompt=a short film of {name}.")
    assert shlex.split(plan.run(name).arguments) == [RUN, "--set", "text.prompt=a short film of {name}."]


def test_a_value_that_no_folder_should_be_called_is_told_apart_by_a_hash() -> None:
    names = [changed(f"text.prompt=a {word} clip of a {{name}}.")[1] for word in ("video", "movie")]
    assert all(name.startswith(f"{RUN}+text.prompt=a_") and "{" not in name and " " not in name for name in names)
    assert names[0] != names[1]
    alike = [changed(f"text.prompt=a short film of a{sign}an {{name}}.")[1] for sign in "/:"]
    assert alike[0] != alike[1] and alike[0][:-8] == alike[1][:-8]
    long = changed(f"text.prompt=a {'very ' * 60}long clip of a {{name}}.")[1]
    many = ["recipe.label_smoothing=0.2", "recipe.mixup.prob=0.5", "recipe.optimizer.weight_decay=0.01", "tc.k=8"]
    many += [
        "recipe.optimizer.new_lr_factor=5",
        "protocol.lr=1e-4",
        "protocol.lr_min=1e-6",
        "we.w=0.25",
        "tc.alpha=0.5",
    ]
    assert len(changed(*many)[1]) == 200
    assert len(long) <= 200 and "/" not in changed("text.prompt=a film of a/an {name}.")[1]


def test_the_plan_with_other_values_has_the_same_runs_at_other_costs() -> None:
    plan = load_plan("mini")
    longer = changed_plan(plan, ["protocol.epochs=8", "tc.k=32", "protocol.views.temporal=4"])
    assert list(longer.runs) == list(plan.runs)
    assert {longer.protocol_for(run).epochs for run in longer.runs.values()} == {8}
    assert {e.views.temporal for run in longer.runs for e in longer.evaluations(run)} == {4}
    methods = {name: longer.method(name).tc for name in longer.methods}
    assert {tc.k for tc in methods.values() if tc} == {32}
    assert methods["vifi_clip"] is None  # it has no context tokens to change


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("tc.k", "--set must be KEY=VALUE, for example tc.k=32 or protocol.lr=1e-4 (got 'tc.k')"),
        ("tc.kk=32", "unknown key 'tc.kk': did you mean 'k'?"),
        ("tck=32", "unknown key of --set 'tck': did you mean 'tc'?"),
        ("lr=1e-4", "--set lr: it is a key of the protocol: write protocol.lr"),
        ("protocol.epocs=3", "unknown key of --set 'protocol.epocs': did you mean 'protocol.epochs'?"),
        ("protocol.views.temporl=3", "--set: unknown key 'views.temporl': did you mean 'temporal'?"),
        ("protocol.total_batch=6", "--set: total_batch 6 must be a multiple of micro_batch 4"),
        ("tc.alpha=2", "tc.alpha: input should be less than or equal to 1 (got 2)"),
        ("tc.k=1000", "tc.k = 1000 is more than the 84 seed tokens of a video"),
        ("tc.k=[1", "--set tc.k=[1: the value is not valid YAML"),
        ("protocol.seed=01024", "--set protocol.seed=01024: 01024 is 532 to YAML, octal: write 1024 for the number"),
        ("train=false", "--set train: it says which runs there are"),
        ("protocol.shots=[2]", "--set protocol.shots: it says which runs there are"),
    ],
)
def test_a_wrong_change_is_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(UserError) as error:
        changed(text)
    assert sentence in str(error.value) and "\n" not in str(error.value)


def test_a_section_that_the_method_lacks_is_named() -> None:
    with pytest.raises(UserError, match=r"--set tc\.k: method vifi_clip has no such section"):
        changed("tc.k=32", run=RUN.replace("tc_clip", "vifi_clip"))
    with pytest.raises(UserError, match="give it once"):
        parse(["tc.k=32", "tc.k=64"])
    for texts in (["recipe.mixup=null", "recipe.mixup.prob=0.1"], ["recipe.mixup.prob=0.1", "recipe.mixup=null"]):
        with pytest.raises(
            UserError, match=r"--set .*: 'recipe\.mixup.*' are one inside the other.*: give one of them"
        ):
            parse(texts)
    assert parse(["tc.k=1", "tc.k_of=2"]).method.keys() == {"tc.k", "tc.k_of"}
    with pytest.raises(UserError, match="unknown run"):
        changed("tc.k=32", run="few_shot")


def command(monkeypatch: pytest.MonkeyPatch, *words: str) -> tuple[str, list[Any]]:
    """What `tcclip` says, and the jobs that it would have done."""
    started: list[Any] = []
    monkeypatch.setattr(launch, "run", lambda _, work, *arguments, **options: started.append(arguments) or "done")
    monkeypatch.setattr("tcclip.data.splits.split_tables.read_classes", lambda path: ("a", "b"))
    monkeypatch.setattr("tcclip.stages.fingerprint.data", lambda files: "0" * 16)
    shown = CliRunner().invoke(app, list(words))
    return shown.output + str(shown.exception or ""), started


def test_train_makes_it_beside_the_run_and_records_what_is_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    _, ((job, tags),) = command(monkeypatch, "train", RUN, "--set", "tc.k=32", "--set", "protocol.lr=1e-4")
    assert job.folder == Path(f"runs/mini/{RUN}+protocol.lr=0.0001+tc.k=32")
    params = resolved_params(job)
    assert params["method"]["tc"]["k"] == 32 and params["protocol"]["lr"] == 1e-4
    assert (params["changed_from"], params["changed"]) == (RUN, {"tc.k": "32", "protocol.lr": "0.0001"})
    assert tags["mlflow.source.name"] == f"tcclip train {RUN} --set protocol.lr=0.0001 --set tc.k=32 --suite mini"
    assert "tables" not in tags


def test_a_run_of_the_plan_records_no_change(monkeypatch: pytest.MonkeyPatch) -> None:
    _, ((job, tags),) = command(monkeypatch, "train", RUN)
    assert not {"changed", "changed_from"} & resolved_params(job).keys()
    assert job.folder == Path(f"runs/mini/{RUN}") and tags["tables"]


def test_evaluate_tests_what_train_has_made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    words = ("evaluate", RUN, "--set", "tc.k=32")
    said, started = command(monkeypatch, *words)
    assert f"`tcclip train {RUN} --set tc.k=32 --suite mini` makes it" in said and not started
    folder = Path(f"runs/mini/{RUN}+tc.k=32")
    folder.mkdir(parents=True)
    (folder / "weights.safetensors").touch()
    _, ((subject, jobs),) = command(monkeypatch, *words)
    assert subject.method.tc.k == 32 and subject.weights == folder / "weights.safetensors"
    assert [job.out for job in jobs] == [folder / "predictions" / "hmdb51-test1-2x1.parquet"]


def test_what_only_evaluations_depend_on_is_tested_with_the_runs_weights(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    said, _ = command(monkeypatch, "train", RUN, "--set", "protocol.views.temporal=4")
    assert f"weights are those of {RUN}: `tcclip evaluate {RUN} --set protocol.views.temporal=4` tests them" in said
    weights = Path(f"runs/mini/{RUN}/weights.safetensors")
    weights.parent.mkdir(parents=True)
    weights.touch()
    _, ((subject, jobs),) = command(monkeypatch, "evaluate", RUN, "--set", "protocol.views.temporal=4")
    assert subject.weights == weights
    assert subject.folder == Path(f"runs/mini/{RUN}+protocol.views.temporal=4")  # never over the run's own numbers
    assert [job.name for job in jobs] == ["hmdb51-test1-4x1"]


def test_plan_says_what_other_values_would_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    usual, _ = command(monkeypatch, "plan")
    longer, _ = command(monkeypatch, "plan", "--set", "protocol.epochs={times: 2}", "--set", "tc.k=32")
    plan = load_plan("mini")
    have = sum(plan.method(name).tc is not None for name in plan.methods)
    given = "protocol.epochs={times: 2}, tc.k=32"
    told = f"With {given} in the place of what params/ says, in the {have} of {len(plan.methods)} "
    assert told in longer
    trained = sum(run.trained for run in plan.runs.values())
    evaluations = sum(len(plan.evaluations(run)) for run in plan.runs)
    total = rf"^total +{trained} +{evaluations:,} +([\d,]+)"
    views = [re.search(total, text, re.M)[1] for text in (usual, longer)]
    before, after = (int(number.replace(",", "")) for number in views)
    assert after == 2 * before
