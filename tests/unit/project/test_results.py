"""README's numbers of the mini suite are written by a command, from the tables' CSVs."""

import importlib.util
from pathlib import Path

import pytest

from tcclip.plan import load_plan

ROOT = Path(__file__).parents[3]
README = (ROOT / "README.md").read_text(encoding="utf-8")
HEAD = "table,group,row,column,value,source,std_seeds,low,difference,difference_low,difference_high"


@pytest.fixture(scope="module")
def results():
    spec = importlib.util.spec_from_file_location("fill_results", ROOT / "docs/fill_results.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def written(folder, table, *lines):
    (folder / f"{table}.csv").write_text("\n".join([HEAD, *lines]) + "\n", encoding="utf-8")
    return folder


def test_every_table_of_results_has_its_place_in_the_readme(results):
    names = [*results.BLOCKS, "three seeds"]
    filled = results.filled(README, {name: f"| {name} |" for name in names})
    assert all(f"<!-- results: {name} -->\n| {name} |\n<!-- end -->" in filled for name in names)


def test_what_stands_around_a_table_stays(results):
    text = "before\n<!-- results: a -->\n| old |\n<!-- end -->\nafter"
    assert results.filled(text, {"a": "| new |"}) == text.replace("old", "new")
    with pytest.raises(ValueError, match="results: b"):
        results.filled(text, {"b": ""})


def test_only_measured_cells_are_shown_and_a_missing_one_is_empty(results, tmp_path):
    folder = written(
        tmp_path,
        "table2",
        "table2,no weight ensemble,TC-CLIP,hmdb51,35.94,measured,,,,,",
        "table2,weight ensemble,TC-CLIP,hmdb51,30.66,measured,,,,,",
        "table2,weight ensemble,TC-CLIP,ucf101,99.9,published,,,,,",
    )
    *_, plain, ensemble = results.zero_shot(folder).splitlines()
    assert (plain, ensemble) == ("| TC-CLIP | 35.9 | | | |", "| TC-CLIP, weight ensemble | 30.7 | | | |")


def test_a_cell_above_its_bound_by_its_interval_is_marked(results, tmp_path):
    names = [column.name for column in load_plan("mini").tables["diagnostic"].columns]
    cells = [f"diagnostic,systems,A,{name},80,measured,,0,,," for name in names]
    cells[3] = "diagnostic,systems,A,order,80,measured,,70.5,,,"
    assert results.diagnostic(written(tmp_path, "diagnostic", *cells)).endswith("| A | 80 | 80 | 80 | 80 ◆ | 80 | 80 |")
