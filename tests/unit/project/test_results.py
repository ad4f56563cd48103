"""The pages' numbers of the mini suite are written by a command, from the tables' CSVs."""

import importlib.util
import re
import sys
from pathlib import Path

import pytest

from tcclip.plan import load_plan

ROOT = Path(__file__).parents[3]
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


def test_every_table_of_results_has_its_place_in_its_page(results):
    for page, names in results.BLOCKS.items():
        filled = results.filled((ROOT / page).read_text(encoding="utf-8"), {name: f"| {name} |" for name in names})
        assert all(f"<!-- results: {name} -->\n| {name} |\n<!-- end -->" in filled for name in names)


def test_a_page_has_no_marks_of_a_table_that_nothing_writes(results):
    for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        marks = re.findall("<!-- results: (.+?) -->", page.read_text(encoding="utf-8"))
        assert sorted(marks) == sorted(results.BLOCKS.get(str(page.relative_to(ROOT)), {}))


def test_the_table_of_three_seeds_is_written_only_where_its_folder_is_named(results, tmp_path, monkeypatch):
    names = ("one", "three seeds")
    page = "".join(f"<!-- results: {name} -->\nold\n<!-- end -->\n" for name in names)
    (tmp_path / "page.md").write_text(page)
    monkeypatch.setattr(results, "ROOT", tmp_path)
    monkeypatch.setattr(results, "BLOCKS", {"page.md": dict.fromkeys(names, str)})
    written = []
    for options in ([], ["--three-seeds", "several"]):
        monkeypatch.setattr(sys, "argv", ["fill_results", "--tables", "single", *options])
        results.main()
        written.append((tmp_path / "page.md").read_text().splitlines()[1::3])
    assert written == [["single", "old"], ["single", "several"]]


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
