"""Several seeds: one run for each, of all trainings or of some methods', by params/ or as they are typed."""

from __future__ import annotations

import re

import pytest
from changed_params import with_params
from typer.testing import CliRunner

from tcclip.cli.app import app
from tcclip.errors import UserError
from tcclip.params.seeds import parse_seeds
from tcclip.plan import Plan, load_plan, plan_with_seeds
from tcclip.plan.cells import Measured
from tcclip.plan.changes import changed_run
from tcclip.plan.other_seeds import with_run
from tcclip.stages import evaluate, train

RUN = "few_shot-hmdb51-k2-tc_clip-s1024"
OTHER = "few_shot-hmdb51-k2-tc_clip-s1025"
TWO = "vifi_clip,tc_clip:1024,1025,1026"


def measured(plan: Plan, table: str, row: str, column: str) -> Measured:
    cells = plan.cells[table]
    content = next(cell.content for cell in cells if (cell.row, cell.column) == (row, column))
    assert isinstance(content, Measured)
    return content


def test_typed_seeds_are_those_of_the_named_methods() -> None:
    plan, before = plan_with_seeds("mini", TWO), load_plan("mini")
    assert {run.seed for run in before.runs.values()} == {None, 1024}
    assert before.runs.keys() < plan.runs.keys()
    assert {run.method for run in plan.runs.values() if run.seed == 1026} == {"vifi_clip", "tc_clip"}
    folds = measured(plan, "table4", "TC-CLIP", "hmdb51_base").by_seed
    assert {seed: len(part) for seed, part in folds.items()} == {1024: 3, 1025: 3, 1026: 3}


def test_a_run_is_made_by_its_own_seed_and_a_new_one_leaves_the_others_as_they_were() -> None:
    before, plan = load_plan("mini"), plan_with_seeds("mini", TWO)
    for stage in (train, evaluate):
        then, now = stage.depends_on(before, RUN).settings, stage.depends_on(plan, OTHER).settings
        assert stage.depends_on(plan, RUN) == stage.depends_on(before, RUN)
        assert {key: now[key] for key in now if now[key] != then[key]} == {key: 1025 for key in now if "seed" in key}
        assert now["seed"] == 1025 and "protocol.seeds" not in now
    assert train.depends_on(plan, RUN).inputs == train.depends_on(plan, OTHER).inputs  # the same training videos


def test_a_run_is_found_by_its_name_without_a_word_of_its_seed() -> None:
    told, alone = plan_with_seeds("mini", TWO), with_run(load_plan("mini"), OTHER)
    assert alone.run(OTHER) == told.run(OTHER)
    assert alone.evaluations(OTHER) == told.evaluations(OTHER)
    assert alone.run(OTHER).arguments == OTHER
    for stage in (train, evaluate):
        assert stage.depends_on(alone, OTHER) == stage.depends_on(told, OTHER)


def test_a_name_that_is_no_run_of_another_seed_stays_unknown() -> None:
    plan = load_plan("mini")
    for name in (RUN, "few_shot-hmdb51-k3-tc_clip-s1025", "few_shot-hmdb51-k2-tc_clip-s01025", "untrained-tc_clip-s7"):
        assert with_run(plan, name) is plan


def test_values_may_be_changed_on_a_run_of_another_seed() -> None:
    plan, name = changed_run(load_plan("mini"), OTHER, ["protocol.views.temporal=4"])
    assert plan.run(name).seed == 1025 and plan.run(name).weights_of == OTHER
    plan, name = changed_run(load_plan("mini"), OTHER, ["protocol.seed=3", "tc.k=32"])
    assert (plan.run(name).seed, plan.protocol_for(plan.run(name)).seed) == (3, 3)
    assert plan.run(name).apart_from_seed == "few_shot-hmdb51-k2-tc_clip+tc.k=32"


def test_the_plan_counts_runs_of_all_seeds() -> None:
    plain, several = (CliRunner().invoke(app, ["plan", "--runs", *more]).output for more in ([], ["--seeds", TWO]))
    counts = [int(re.findall(r"(\d+) trainings, ", output)[-1]) for output in (plain, several)]
    named = [run for run in load_plan("mini").runs.values() if run.method in ("vifi_clip", "tc_clip")]
    assert counts[1] - counts[0] == 2 * len(named)
    assert OTHER in several and "Seeds: vifi_clip 1024, 1025, 1026; tc_clip 1024" in several
    assert OTHER not in plain and "Seeds" not in plain


def test_typed_seeds_are_read() -> None:
    assert parse_seeds("1024,1025") == {"all": [1024, 1025]}
    assert parse_seeds("a,few_shot/b:7") == {"a": [7], "few_shot/b": [7]}


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        (
            "1024;1025",
            "seeds must be numbers, or methods and numbers, for example 1024,1025,1026 or vifi_clip",
        ),
        ("tc_clip:", "(got 'tc_clip:')"),
        ("1,2,1", "seeds 1,2,1: seed 1 is listed twice"),
        ("tc_clop:1,2", "unknown method in seeds of suite mini: 'tc_clop': did you mean 'tc_clip'?"),
        ("fewshot/tc_clip:1", "unknown protocol or table in seeds of suite mini: 'fewshot': did you mean 'few_shot'?"),
    ],
)
def test_a_mistake_is_one_sentence(typed: str, sentence: str) -> None:
    with pytest.raises(UserError, match=re.escape(sentence)):
        plan_with_seeds("mini", typed)


def test_a_protocol_with_several_seeds_has_a_run_for_each(monkeypatch, tmp_path) -> None:
    changes = {"protocols__few_shot": {"seeds": [1024, 1025]}, "suites__paper": {"tables": ["table3"]}}
    plan = with_params(monkeypatch, tmp_path, **changes)
    trained = {name: run for name, run in plan.runs.items() if run.trained}
    assert set(trained) == {f"{r.apart_from_seed}-s{seed}" for r in trained.values() for seed in (1024, 1025)}
    found = measured(plan, "table3", "TC-CLIP", "hmdb51_k2").by_seed
    assert {seed: [e.run for e in part] for seed, part in found.items()} == {1024: [RUN], 1025: [OTHER]}


def test_a_suites_seeds_are_put_over_its_protocols_and_typed_ones_over_them(monkeypatch, tmp_path) -> None:
    own = {"seeds": {"all": [5], "zero_shot/tc_clip": [6, 7]}, "protocols": {"few_shot": {"seeds": [8]}}}
    plan = with_params(monkeypatch, tmp_path, suites__paper={**own, "tables": ["table2", "table3"]})
    zero = [run.seed for run in plan.runs.values() if (run.protocol, run.method) == ("zero_shot", "tc_clip")]
    assert zero == [6, 7] and {run.seed for run in plan.runs.values()} == {None, 5, 6, 7}
    assert {run.seed for run in plan_with_seeds("paper", "tc_clip:9").runs.values()} == {None, 5, 6, 7, 9}
    every, untrained = plan_with_seeds("paper", "9"), "untrained-vanilla_clip"
    assert {run.seed for run in every.runs.values()} == {None, 9}
    assert evaluate.depends_on(every, untrained) == evaluate.depends_on(plan, untrained)  # no training, no seed


def test_a_table_may_have_seeds_that_others_with_the_same_runs_have_not(monkeypatch, tmp_path) -> None:
    with_params(monkeypatch, tmp_path, suites__paper={"tables": ["table2", "table7"]})
    plan = plan_with_seeds("paper", "table2/tc_clip:1024,1025")
    assert list(measured(plan, "table2", "TC-CLIP", "hmdb51").by_seed) == [1024, 1025]
    assert list(measured(plan, "table7", "(c) + TC + VP", "hmdb51").by_seed) == [1024]


def test_a_run_that_starts_from_another_one_starts_from_that_of_its_seed(monkeypatch, tmp_path) -> None:
    rows = [{"group": "original names", "row": "ActionCLIP", "method": "tc_clip-k400_init"}]
    with_params(monkeypatch, tmp_path, tables__table3={"rows": rows}, suites__paper={"tables": ["table3"]})
    plan = plan_with_seeds("paper", "tc_clip-k400_init:1024,1025")
    started = {run.seed: run.init.name for run in plan.runs.values() if run.init}
    assert started == {seed: f"zero_shot-k400-tc_clip-s{seed}" for seed in (1024, 1025)}
    assert set(started.values()) <= plan.runs.keys()
    third = with_run(plan, name := "few_shot-hmdb51-k2-tc_clip-k400_init-s1026").run(name)
    assert third.init.name == "zero_shot-k400-tc_clip-s1026"


@pytest.mark.parametrize(
    ("seeds", "sentence"),
    [
        ({"tc_clip": [5, 5]}, r"seeds\.tc_clip: seed 5 is listed twice"),
        ([True], r"seeds\.all\.0: input should be a valid integer \(got True\)"),
    ],
)
def test_a_suites_seeds_are_different_numbers(monkeypatch, tmp_path, seeds, sentence) -> None:
    with pytest.raises(UserError, match=rf"paper\.yaml: {sentence}"):
        with_params(monkeypatch, tmp_path, suites__paper={"seeds": seeds})
