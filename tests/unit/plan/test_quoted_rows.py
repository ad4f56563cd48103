"""A suite quotes rows instead of training them, and a person sees what each row costs before deciding."""

import shutil
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from tcclip.cli.app import app
from tcclip.cli.plan_lines import run_lines
from tcclip.errors import UserError
from tcclip.estimate.rows import RowCost, row_costs
from tcclip.params import load_suite
from tcclip.params.reader import params_folder
from tcclip.plan import Plan, load_plan, plan_of


def quoting(*rows: str) -> Plan:
    return plan_of(load_suite("mini").model_copy(update={"quoted_rows": list(rows)}))


def cost(plan: Plan, table: str, row: str) -> RowCost:
    return next(cost for cost in row_costs(plan) if (cost.table, cost.row) == (table, row))


def test_a_quoted_row_needs_no_run_in_any_table() -> None:
    before, after = load_plan("mini"), quoting("TC-CLIP (TC in layers 4, 8, 12)")
    assert {before.run(name).method for name in before.runs.keys() - after.runs.keys()} == {
        "tc_clip_light",
        "tc_clip_light-plain",
    }
    cells = [cell for cell in after.cells["table6"] if cell.row.startswith("TC-CLIP (")]
    assert cells and not any(cell.content for cell in cells)


def test_a_row_of_one_table_is_quoted_there_alone() -> None:
    plan = quoting("table3/ViFi-CLIP")
    assert not any(cell.content for cell in plan.cells["table3"] if cell.row == "ViFi-CLIP")
    assert all(cell.content for cell in plan.cells["table2"] if cell.row == "ViFi-CLIP")


def test_a_row_that_no_table_has_is_refused_with_the_nearest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    params = tmp_path / "params"
    shutil.copytree(params_folder(), params)
    suite = params / "suites/mini.yaml"
    suite.write_text(yaml.safe_dump(yaml.safe_load(suite.read_text()) | {"quoted_rows": ["ViFi-CLP"]}))
    monkeypatch.setenv("TCCLIP_PARAMS", str(params))
    with pytest.raises(UserError, match=r"row in .*mini\.yaml: quoted_rows: 'ViFi-CLP': did you mean 'ViFi-CLIP'"):
        plan_of(load_suite("mini"))


def test_a_suite_of_quoted_rows_alone_has_no_run_to_list() -> None:
    suite = load_suite("mini").model_copy(update={"tables": [], "first_look": None})
    assert list(run_lines(plan_of(suite))) == []


def test_what_a_row_costs_is_the_sum_of_its_runs_and_what_it_saves_those_of_no_other() -> None:
    plan = load_plan("mini")
    light = cost(plan, "table6", "TC-CLIP (TC in layers 4, 8, 12)")
    assert light.whole == light.alone and light.whole.trainings == 26
    shared = cost(plan, "table3", "ViFi-CLIP")
    assert shared.whole.trainings == 12 and shared.alone.trainings == 0  # Tables 8 show them as the baseline


def test_a_quoted_row_still_says_what_it_would_cost() -> None:
    row = "TC-CLIP (TC in layers 4, 8, 12)"
    kept, left_out = cost(load_plan("mini"), "table6", row), cost(quoting(row), "table6", row)
    assert left_out.quoted and not kept.quoted
    assert left_out.whole == kept.whole


def test_a_row_that_is_quoted_in_one_table_is_said_so_though_another_has_its_name_and_column() -> None:
    asked = {"quoted_rows": ["table8a/Baseline"], "tables": ["table8a", "table8b"]}
    rows = row_costs(plan_of(load_suite("mini").model_copy(update=asked)))
    assert {row.table: row.quoted for row in rows if row.row == "Baseline"} == {"table8a": True, "table8b": False}


def test_a_row_costs_the_trainings_as_well_that_its_runs_start_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(params_folder(), tmp_path / "params")
    table = {"title": "t", "protocol": "few_shot", "columns": [], "rows": [{"row": "a", "method": "tc_clip-k400_init"}]}
    table["columns"] = [{"name": "k", "shots": 2, "dataset": "hmdb51", "splits": ["test1"]}]
    (tmp_path / "params/tables/started.yaml").write_text(yaml.safe_dump(table))
    monkeypatch.setenv("TCCLIP_PARAMS", str(tmp_path / "params"))
    plan = plan_of(load_suite("mini").model_copy(update={"tables": ["started"]}))
    started = cost(plan, "started", "a")
    assert started.whole == started.alone and started.whole.trainings == len(plan.runs) == 2


def test_the_command_lists_every_row_with_a_method() -> None:
    said = CliRunner().invoke(app, ["plan", "--rows"]).stdout
    assert "table3" in said and "original names: ViFi-CLIP" in said and "quoted_rows" in said
    assert CliRunner().invoke(app, ["plan", "--rows", "--runs"]).exit_code == 1
