"""Random processes are killed while a table is made: it comes out as if nothing had happened."""

from __future__ import annotations

import shutil

import pytest
from chaos import survive

KILLS = 6


@pytest.mark.slow
def test_a_table_made_under_kills_equals_the_quiet_one(project):
    table = project.folder / "reports/mini/tables/table3.csv"
    quiet = table.read_bytes()
    weights = {path: path.read_bytes() for path in project.folder.glob("runs/mini/few_shot-*/weights.safetensors")}
    for run in project.folder.glob("runs/mini/few_shot-*"):
        shutil.rmtree(run)
    killed = survive(
        project.folder, "table3", project.environment(), kills=KILLS, pause=(1.5, 4), limit_seconds=400, seed=1
    )
    assert len(killed) == KILLS
    assert table.read_bytes() == quiet
    assert {path: path.read_bytes() for path in weights} == weights
