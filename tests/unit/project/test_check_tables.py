"""What continuous integration asks of the tables names every table and cell that is not there."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tcclip.plan import layout, load_plan

ROOT = Path(__file__).parents[3]


@pytest.fixture
def said(tmp_path):
    """The lines of the check in a folder that has one table: its head, and one measured line."""
    plan = load_plan("mini")
    cell = next(cell for cell in plan.cells["table3"] if cell.content)
    table = tmp_path / layout.table("mini", "table3")
    table.parent.mkdir(parents=True)
    table.write_text(f'group,row,column,value,source\n"{cell.group}","{cell.row}",{cell.column},,measured\n')
    shutil.copytree(ROOT / "params", tmp_path / "params")
    command = [sys.executable, ROOT / ".ci" / "check_tables.py", "mini"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 1 and done.stderr == ""
    return done.stdout.splitlines(), cell, plan


def test_tables_and_cells_that_are_not_there_are_among_its_problems(said):
    lines, cell, plan = said
    assert "table1: reports/mini/tables/table1.csv is missing (snakemake table1 --config suite=mini makes it)" in lines
    assert sum(" is missing (" in line for line in lines) == len(plan.cells) - 1
    assert f"table3: {cell.group} / {cell.row} / {cell.column} is empty" in lines
    assert sum(line.endswith("is no line of reports/mini/tables/table3.csv") for line in lines) >= 1
