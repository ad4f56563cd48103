"""What a suite names exists, and its backbone's folder is not another suite's."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from tcclip.errors import UserError
from tcclip.params import Suite, load_suite
from tcclip.params.reader import merge, params_folder, validate
from tcclip.plan import Plan, plan_of


def test_what_is_shown_first_must_exist() -> None:
    suite = load_suite("mini")
    for change, sentence in (
        ({"table": "tabel3"}, "unknown table in .*mini.yaml: first_look: 'tabel3': did you mean 'table3'"),
        ({"methods": ["vifi_clp"]}, "unknown method in .*mini.yaml: first_look: 'vifi_clp': did you mean 'vifi_clip'"),
    ):
        with pytest.raises(UserError, match=sentence):
            plan_of(suite.model_copy(update={"first_look": suite.first_look.model_copy(update=change)}))


@pytest.fixture
def params(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(params_folder(), tmp_path / "params")
    monkeypatch.setenv("TCCLIP_PARAMS", str(tmp_path / "params"))
    return tmp_path / "params"


def second_suite(params: Path, backbone: dict[str, Any]) -> Plan:
    """The plan of a suite `mine` that is `mini` but for values of its backbone."""
    content = yaml.safe_load((params / "suites/mini.yaml").read_text())
    (params / "suites/mine.yaml").write_text(yaml.safe_dump(merge(content, {"backbone": backbone})))
    return plan_of(load_suite("mine"))


@pytest.mark.parametrize(
    "change, key",
    [({"pretraining": {"steps": 900}}, "pretraining.steps"), ({"architecture": {"text_layers": 3}}, "architecture.t")],
)
def test_another_backbone_needs_another_name(params: Path, change: dict[str, Any], key: str) -> None:
    sentence = rf"mine\.yaml: backbone.name 'mini_clip' is that of .*mini\.yaml, whose backbone\.{key}.* is another"
    with pytest.raises(UserError, match=sentence):
        second_suite(params, change)
    assert second_suite(params, {**change, "name": "my_clip"}).suite.backbone.name == "my_clip"


def test_suites_of_one_backbone_share_its_name(params: Path) -> None:
    plan = second_suite(params, {"pretrained": None})  # a default that is written out is no difference
    assert plan.suite.backbone == load_suite("mini").backbone


def test_no_dataset_plays_two_roles() -> None:
    content = load_suite("mini").model_dump()
    content["datasets"]["ucf101"] = "mini_hmdb51"
    with pytest.raises(UserError, match=r"mine\.yaml: datasets: hmdb51 and ucf101 are both mini_hmdb51: give one of"):
        validate(content, Suite, "mine.yaml")
