"""A method may bring its own values of a protocol; a suite's budgets lie over them and replace or scale them."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tcclip.errors import UserError
from tcclip.params import load_method, load_protocol
from tcclip.params.budget import SuiteBudget
from tcclip.params.reader import params_folder
from tcclip.plan import Plan, load_plan
from tcclip.plan.changes import changed_run
from tcclip.reporting.scaled_values import scaled_values
from tcclip.stages import evaluate, train

OWN = {"few_shot": {"frames": 32, "lr": 5.0e-6, "epochs": 30, "validation": {"epochs": [0, 29]}}}
RUN = "few_shot-hmdb51-k2-vp_only-s1024"


@pytest.fixture
def params(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of params/ in which few-shot trains vp_only with values of its own."""
    shutil.copytree(params_folder(), tmp_path / "params")
    monkeypatch.setenv("TCCLIP_PARAMS", str(tmp_path / "params"))
    change(tmp_path / "params" / "methods" / "vp_only.yaml", protocols=OWN)
    table = tmp_path / "params" / "tables" / "table3.yaml"
    change(table, rows=[*yaml.safe_load(table.read_text())["rows"], {"row": "VP", "method": "vp_only"}])
    load_plan.cache_clear()
    yield tmp_path / "params"
    load_plan.cache_clear()


def change(path: Path, **keys: Any) -> None:
    path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text()), **keys}, sort_keys=False))


def scale(params: Path, **budget: Any) -> None:
    path = params / "suites" / "mini.yaml"
    few_shot = yaml.safe_load(path.read_text())["protocols"]
    change(path, protocols={**few_shot, "few_shot": {**few_shot["few_shot"], **budget}})


def values(plan: Plan, run: str, *keys: str) -> list[Any]:
    protocol = plan.protocol_for(plan.run(run))
    return [getattr(protocol, key) for key in keys]


def test_they_lie_over_the_protocol_for_its_runs_alone(params: Path) -> None:
    plan = load_plan("paper")
    assert values(plan, RUN, "frames", "lr", "epochs", "total_batch") == [32, 5e-6, 30, 64]
    assert values(plan, RUN.replace("vp_only", "vifi_clip"), "frames", "lr", "epochs") == [16, 2e-6, 50]
    assert values(plan, "zero_shot-k400-vp_only-s1024", "frames", "lr") == [16, 8e-6]
    settings = train.depends_on(plan, RUN).settings
    assert (settings["protocol.frames"], settings["protocol.lr"]) == (32, 5e-6)
    assert not [key for key in settings if key.startswith("method.protocols")]  # counted once, as the protocol


def test_a_run_is_tested_with_the_frames_that_it_was_trained_with(params: Path) -> None:
    plan = load_plan("paper")
    assert evaluate.depends_on(plan, RUN).settings["frames"] == 32


def test_a_suites_budget_replaces_them(params: Path) -> None:
    assert values(load_plan("mini"), RUN, "frames", "lr", "epochs") == [6, 3e-4, 2]


def test_or_scales_them_so_that_methods_keep_their_proportions(params: Path) -> None:
    scale(params, lr={"times": 200}, epochs={"times": 0.08}, warmup_epochs={"times": 0.2})
    plan = load_plan("mini")
    assert values(plan, RUN, "lr", "epochs", "warmup_epochs") == [pytest.approx(1e-3), 2, 1]
    other = RUN.replace("vp_only", "vifi_clip")
    assert values(plan, other, "lr", "epochs", "warmup_epochs") == [pytest.approx(4e-4), 4, 1]


def test_a_dataset_of_ones_own_has_the_last_word(params: Path) -> None:
    own = {"format": "csv", "folder": "videos", "csv": "list.csv", "methods": ["vp_only"], "suite": "mini"}
    (params / "datasets" / "kitchen.yaml").write_text(yaml.safe_dump({**own, "protocols": {"few_shot": {"lr": 9e-3}}}))
    run = RUN.replace("hmdb51", "kitchen")
    assert values(load_plan("mini"), run, "frames", "lr", "epochs") == [6, 9e-3, 2]


def test_a_scaled_count_stays_a_count() -> None:
    epochs = load_protocol(
        "few_shot", SuiteBudget({"epochs": {"times": 0.13}, "validation": {"epochs": []}}, "x")
    ).epochs
    assert (epochs, type(epochs)) == (6, int)
    small = {"epochs": {"times": 0.001}, "warmup_epochs": {"times": 0}, "validation": {"epochs": []}}
    with pytest.raises(UserError, match="x: warmup_epochs: times must be a number above 0"):
        load_protocol("few_shot", SuiteBudget(small, "x"))
    assert load_protocol("few_shot", SuiteBudget({**small, "warmup_epochs": 0}, "x")).epochs == 1


@pytest.mark.parametrize(
    ("own", "sentence"),
    [
        ({"fewshot": {"lr": 1}}, "unknown protocol in {}: protocols: 'fewshot': did you mean 'few_shot'?"),
        ({"few_shot": {"epocs": 1}}, "{}: protocols.few_shot: unknown key 'epocs': did you mean 'epochs'?"),
        (
            {"few_shot": {"seed": 7}},
            "{}: protocols.few_shot: seed is a list now, called seeds: write `seeds: [7]`",
        ),
        ({"few_shot": {"select": {"times": 2}}}, "{}: protocols.few_shot: select: times scales a number that is there"),
        ({"few_shot": 3}, "{}: protocols.few_shot: input should be a valid dictionary"),
        (
            {"few_shot": {"exceptions": [{"dataset": "hmdb51", "ler": 1}]}},
            "{}: protocols.few_shot.exceptions.0.ler: unknown key: did you mean 'lr'?",
        ),
        (
            {"few_shot": {"exceptions": [{"dataset": "hmbd51", "lr": 1e-3}]}},
            "unknown dataset in {}: protocols.few_shot.exceptions: 'hmbd51': did you mean 'hmdb51'?",
        ),
    ],
)
def test_a_mistake_in_them_names_the_methods_file(own: dict[str, Any], sentence: str, params: Path) -> None:
    path = params / "methods" / "vp_only.yaml"
    change(path, protocols=own)
    with pytest.raises(UserError) as error:
        load_plan("mini")
    assert sentence.format(path) in str(error.value)


def test_the_micro_batch_of_an_earlier_version_is_one_of_them() -> None:
    method = load_method("tc_clip", {"micro_batch": {"zero_shot": 2}, "protocols": {"few_shot": {"lr": 1e-5}}})
    assert method.protocols == {"zero_shot": {"micro_batch": 2}, "few_shot": {"lr": 1e-5}}


def test_a_suite_scales_a_number_of_the_kinds_that_have_it(params: Path) -> None:
    quarter = {"tc": {"k": {"times": 0.25}}, "sampling": {"stride": {"times": 0.125}}}
    change(params / "suites" / "mini.yaml", methods=quarter)
    plan = load_plan("mini")
    assert plan.method("vita_clip").sampling.stride == 2
    assert plan.method("vifi_clip").sampling.kind == "segments"
    assert scaled_values(plan, "table5").endswith("; sampling.stride 0.125 times (16 is 2).")


def test_a_mistake_in_a_suites_budget_names_the_suite(params: Path) -> None:
    scale(params, total_batch=6)
    with pytest.raises(UserError, match=r"mini\.yaml: protocols\.few_shot: .* multiple of micro_batch"):
        load_plan("mini")


def test_a_suite_puts_values_over_every_method_and_scales_what_a_row_says(params: Path) -> None:
    quarter = {"tc": {"k": {"times": 0.25}, "r": {"times": 0.25}}, "recipe": {"mixup": {"prob": 0.25}}}
    change(params / "suites" / "mini.yaml", methods=quarter)
    plan = load_plan("mini")
    assert [plan.method(f"tc_only{name}").tc.k for name in ("-k16", "-k32", "-k64", "", "-k128")] == [4, 8, 16, 24, 32]
    assert plan.method("tc_clip").tc.summarizer.r == 25
    assert plan.method("vifi_clip").tc is None
    assert plan.method("vifi_clip").recipe.objective.mixup.prob == 0.25
    assert scaled_values(plan, "table9c") == (
        "Scaled in this suite: tc.k 0.25 times (16 is 4, 32 is 8, 64 is 16, 96 is 24, 128 is 32); "
        "tc.r 0.25 times (100 is 25)."
    )
    assert scaled_values(load_plan("paper"), "table9c") == ""


def test_what_a_person_sets_is_not_scaled(params: Path) -> None:
    change(params / "suites" / "mini.yaml", methods={"tc": {"k": {"times": 0.25}}})
    changed, name = changed_run(load_plan("mini"), "few_shot-hmdb51-k2-tc_only-s1024", ["tc.k=32"])
    assert changed.method(changed.run(name).method).tc.k == 32


def test_a_suite_of_before_has_a_recipe_alone(params: Path) -> None:
    path = params / "suites" / "mini.yaml"
    content = yaml.safe_load(path.read_text())
    path.write_text(
        yaml.safe_dump({**content, "methods": {"tc": content["methods"]["tc"]}, "recipe": {"mixup": {"prob": 0.5}}})
    )
    assert load_plan("mini").method("tc_clip").recipe.objective.mixup.prob == 0.5


def test_a_mistake_in_what_a_suite_scales_names_its_file_and_key(params: Path) -> None:
    path = params / "suites" / "mini.yaml"
    change(path, methods={"text": {"kind": {"times": 2}}})
    with pytest.raises(UserError, match=rf"{path}: methods: text.kind: times scales a number that is there"):
        load_plan("mini").method("vifi_clip")


@pytest.mark.parametrize(
    ("methods", "sentence"),
    [
        ({"recpie": {"mixup": {"prob": 0.5}}}, "mini.yaml: methods: unknown key 'recpie': did you mean 'recipe'?"),
        ({"score": {"strat": {"times": 2}}}, "mini.yaml: methods: unknown key 'score.strat': did you mean 'start'?"),
    ],
)
def test_what_a_suite_puts_over_methods_is_something_that_methods_have(methods, sentence, params: Path) -> None:
    change(params / "suites" / "mini.yaml", methods=methods)
    with pytest.raises(UserError, match=re.escape(sentence)):
        load_plan("mini").method("vifi_clip")


def test_some_trainings_may_have_values_of_their_own_over_the_methods(params: Path) -> None:
    own = {
        **OWN["few_shot"],
        "exceptions": [{"dataset": "hmdb51", "shots": 4, "lr": 3.5e-6}, {"dataset": "ssv2", "epochs": 40}],
    }
    change(params / "methods" / "vp_only.yaml", protocols={"few_shot": own})
    load_plan.cache_clear()
    plan = load_plan("paper")
    assert values(plan, RUN, "lr", "epochs") == [5e-6, 30]
    assert values(plan, RUN.replace("k2", "k4"), "lr", "epochs") == [3.5e-6, 30]
    for shots in ("k2", "k16"):
        assert values(plan, RUN.replace("hmdb51-k2", f"ssv2-{shots}"), "lr", "epochs") == [5e-6, 40]
    changed, name = changed_run(plan, RUN.replace("k2", "k4"), ["protocol.frames=8"])
    assert values(changed, name, "lr", "frames") == [3.5e-6, 8]
    assert values(load_plan("mini"), RUN.replace("k2", "k4"), "lr") == [3e-4]  # a suite's budget lies over them


def test_an_exception_says_whose_it_is_and_changes_no_tests() -> None:
    for wrong in ({"lr": 1e-6}, {"dataset": "hmdb51", "views": {"temporal": 1}}):
        with pytest.raises(UserError, match="protocols"):
            load_method("vp_only", {"protocols": {"few_shot": {"exceptions": [wrong]}}})


@pytest.mark.parametrize(
    ("protocol", "said"),  # frames, epochs, warm-up, rate, its lowest value, batch, clips and crops (methods.md 3.6)
    [
        ("zero_shot", (32, 10, 5, 8e-6, 8e-8, 256, 1, 1)),
        ("few_shot", (32, 50, 5, 2e-6, 2e-8, 64, 1, 1)),
        ("base_to_novel", (32, 11, 5, 2e-6, 2e-8, 64, 1, 1)),
        ("fully_supervised", (16, 30, 5, 2.2e-5, 2.2e-7, 512, 4, 3)),
    ],
)
def test_vifi_clips_own_settings_are_those_of_its_repository(protocol: str, said: tuple[float, ...]) -> None:
    method = load_method("vifi_clip-original")
    made = load_plan("paper").protocol(protocol, method)
    rates = (made.lr, made.lr_min, made.total_batch)
    assert (made.frames, made.epochs, made.warmup_epochs, *rates, made.views.temporal, made.views.spatial) == said
    assert method.recipe.augmentation.flip_sided and not method.names.split_camel_case
