"""A stage is one file: found by itself, declared by the rules of the same name, and light until it runs."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest
import typer

from tcclip import stages
from tcclip.cli.app import app
from tcclip.params import load_dataset
from tcclip.params.dataset import Own
from tcclip.plan import load_plan
from tcclip.plan.texts import source
from tcclip.stages import all_stages, fingerprint

ROOT = Path(__file__).parents[3]
STAGES = vars(all_stages())
NEW = '''
"""A new stage."""
import typer
app = typer.Typer()
@app.command()
def polish() -> None:
    """Polish the tables."""
'''


def test_a_new_stage_file_is_found_by_itself(tmp_path, monkeypatch):
    (tmp_path / "polish.py").write_text(NEW)
    monkeypatch.setattr(stages, "__path__", [*stages.__path__, str(tmp_path)])
    assert "polish" in vars(all_stages())
    monkeypatch.delitem(sys.modules, "tcclip.stages.polish")


def test_a_stage_has_the_rule_file_of_its_name_and_the_snakefile_includes_each():
    files = {path.stem for path in (ROOT / "workflow/rules").glob("*.smk")}
    assert files - {"targets"} == STAGES.keys()
    snakefile = (ROOT / "Snakefile").read_text()
    assert all(f'include: "workflow/rules/{name}.smk"' in snakefile for name in files)
    assert len(snakefile.splitlines()) <= 60


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_names_modules_that_exist_and_its_commands_are_in_the_command_line(name):
    stage = STAGES[name]
    assert all(find_spec(module) for module in (*getattr(stage, "CODE", ()), *getattr(stage, "HEAVY", ())))
    found = {command.name for command in typer.main.get_command(app).commands.values()}
    assert name.replace("_", "-") in found


def test_stages_are_light_until_they_run():
    code = "import json, sys, tcclip.cli.app; print(json.dumps(sorted(sys.modules)))"
    loaded = json.loads(subprocess.run([sys.executable, "-c", code], text=True, capture_output=True).stdout)
    assert not {"torch", "pandas", "numpy", "mlflow", "open_clip", "snakemake"} & set(loaded)


def test_an_edited_template_of_the_page_makes_the_report_stale_and_no_table(tmp_path, monkeypatch):
    before = STAGES["report"].code(), STAGES["table"].code()
    shutil.copytree(fingerprint.PACKAGE / "reporting/templates", tmp_path / "tcclip/reporting/templates")
    monkeypatch.setattr(fingerprint, "PACKAGE", tmp_path / "tcclip")
    assert (STAGES["report"].code(), STAGES["table"].code()) == before
    with open(tmp_path / "tcclip/reporting/templates/page.css", "a") as css:
        css.write("p { color: red; }")
    assert STAGES["report"].code() != before[0]
    assert STAGES["table"].code() == before[1]


def test_templates_are_installed_with_their_packages():
    there = {".".join(path.parent.relative_to(ROOT).parts) for path in ROOT.glob("tcclip/**/templates")}
    told = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    assert told == {package: ["templates/*"] for package in there} | {"tcclip": ["py.typed"]}


def test_a_table_is_stale_when_the_layout_of_a_table_that_it_shows_is_another():
    plan = load_plan("mini")
    table = plan.tables["table3"]
    changed = replace(plan, tables={**plan.tables, "table3": table.model_copy(update={"rows": table.rows[:-1]})})
    settings = STAGES["table"].settings
    stale = [name for name in plan.tables if settings(changed, name) != settings(plan, name)]
    assert stale == ["table3", "table6"]


def test_another_recording_makes_the_tables_of_its_dataset_stale_and_no_training_evaluation_or_frame():
    plan = load_plan("mini")
    of_clips = plan.datasets["mini_ucf101"].model_copy(update={"recording": r"(v_.+)_g\d+_c\d+"})
    changed = replace(plan)
    changed.datasets["mini_ucf101"] = of_clips
    tables = {
        name for name in plan.tables if STAGES["table"].settings(changed, name) != STAGES["table"].settings(plan, name)
    }
    showing = {
        name for name, cells in plan.cells.items() if any(e.role == "ucf101" for c in cells for e in c.evaluations)
    }
    assert tables == showing != set(plan.tables)
    for stage in ("claims", "verdicts"):  # which read tables
        assert {STAGES["table"].outputs(plan, name)[0] for name in tables} <= {*STAGES[stage].inputs(changed)}
    for stage in ("train", "evaluate"):
        runs = [name for name, run in plan.runs.items() if run.trained or stage == "evaluate"]
        depends_on = STAGES[stage].depends_on
        assert all(depends_on(changed, run).mark == depends_on(plan, run).mark for run in runs)
    for stage in ("raw", "frames", "splits"):
        assert STAGES[stage].settings(of_clips) == STAGES[stage].settings(plan.datasets["mini_ucf101"])


def test_claims_are_stale_when_any_layout_is_another_or_a_dataset_is_of_another_kind(tmp_path, monkeypatch):
    shutil.copytree(ROOT / "params", tmp_path / "params")
    monkeypatch.setenv("TCCLIP_PARAMS", str(tmp_path / "params"))
    plan, settings = replace(load_plan("mini")), STAGES["claims"].settings
    before = settings(plan)
    with open(tmp_path / "params/tables/table9c.yaml", "a") as layout:
        layout.write("  - {row: '8', method: tc_clip}\n")
    after = settings(plan)
    assert after != before
    plan.datasets["mini_hmdb51"] = load_dataset("hmdb51")
    assert settings(plan) != after


def test_a_suites_own_weights_file_is_an_input_of_the_backbone_and_a_tag_is_none(tmp_path):
    plan = load_plan("paper")
    assert STAGES["backbone"].inputs(plan) == []
    (tmp_path / "own.pt").touch()
    own = plan.suite.backbone.model_copy(update={"pretrained": str(tmp_path / "own.pt")})
    of_own = replace(plan, suite=plan.suite.model_copy(update={"backbone": own}))
    assert STAGES["backbone"].inputs(of_own) == [tmp_path / "own.pt"]
    before = STAGES["backbone"].settings(of_own)
    exchange(tmp_path / "own.pt", b"other weights")
    assert STAGES["backbone"].settings(of_own) != before


def exchange(path, content):
    """Put an older file in a file's place, as mv, rsync -t and tar x do."""
    other = path.with_name("other")
    other.write_bytes(content)
    os.utime(other, (1_577_836_800, 1_577_836_800))
    other.replace(path)


def own_dataset(tmp_path):
    params = {"format": "csv", "folder": "videos", "csv": "list.csv", "names": "names.csv", "suite": "mini"}
    (tmp_path / "list.csv").write_text("a.mp4 0\nb.mp4 1\n")
    (tmp_path / "names.csv").write_text("0,run\n1,jump\n")
    own = load_dataset("mini_hmdb51").model_dump(exclude={"generate"}) | params
    more = {"splits": ["train1", "test1"], "methods": ["tc_clip"], "name": "kitchen"}
    return Own.model_validate(own | more)


@pytest.mark.parametrize("name", ["list.csv", "names.csv"])
def test_another_list_makes_the_splits_of_ones_own_stale_also_an_older_one_and_the_same_one_never(
    tmp_path, monkeypatch, name
):
    monkeypatch.chdir(tmp_path)
    settings, kitchen = STAGES["splits"].settings, own_dataset(tmp_path)
    before = settings(kitchen)
    exchange(tmp_path / name, (tmp_path / name).read_bytes())  # as dvc or a copy on another machine has it
    assert settings(kitchen) == before
    exchange(tmp_path / name, b"0,sit\n1,stand\n")
    assert settings(kitchen).keys() == before.keys() and settings(kitchen) != before
    (tmp_path / name).chmod(0)  # the stage says that it cannot be read
    assert settings(kitchen).keys() <= before.keys()


def test_another_file_of_texts_makes_the_checked_ones_stale_also_an_older_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings, kitchen = STAGES["texts"].settings, own_dataset(tmp_path)
    (path,) = source(kitchen, "rephrased", "all").paths
    without = settings(kitchen, ["rephrased"])
    path.parent.mkdir(parents=True)
    path.write_text("{}")
    first = settings(kitchen, ["rephrased"])
    exchange(path, b'{"0": "run"}')
    assert len({str(found) for found in (without, first, settings(kitchen, ["rephrased"]))}) == 3
