"""What stands under a table about listed videos that are missing or broken, and which cells are marked for them."""

from __future__ import annotations

from hand_made import evaluation_part
from table_cells import COLUMNS2, NAMES, cell, results

from tcclip.params.column import MeanColumn, MeasuredColumn
from tcclip.reporting.cells import build
from tcclip.reporting.coverage import Coverage, coverage_of, sentence
from tcclip.reporting.formats import latex, markdown
from tcclip.reporting.grid import grid
from tcclip.reporting.page import table_section


def test_the_coverage_of_every_split_stands_under_the_table_and_cells_that_lack_videos_are_marked():
    found = results({f"hmdb51-test{i}": 40.0 for i in (1, 2, 3)}, videos=1529)
    for part in found["run-a"].values():
        part["listed"] = 1530
    found["run-a"]["hmdb51-test2-2x1"]["n_videos"] = 1530
    found["run-b"] = {"ucf101-test1-2x1": evaluation_part(50.0, videos=9) | {"listed": 9}}
    cells = [cell("TC-CLIP", "hmdb51"), cell("TC-CLIP", "ucf101", splits=1, run="run-b")]
    cells.append(cell("TC-CLIP", "all_top1", mean_of=("hmdb51", "ucf101")))
    coverage = coverage_of(cells, found)
    columns = [
        MeasuredColumn(name="hmdb51", dataset="hmdb51", splits=["test1"]),
        MeasuredColumn(name="ucf101", dataset="ucf101", splits=["test1"]),
        MeanColumn(name="all_top1", mean_of=["hmdb51", "ucf101"]),
    ]
    shown = grid(build(cells, found), "t", columns, NAMES, coverage=coverage)
    assert [entry.incomplete for entry in shown.lines[0].entries] == [True, False, True]
    note = (
        "Coverage, videos found of those listed: HMDB-51 test1 1,529 of 1,530; HMDB-51 test2 1,530 of 1,530; "
        "HMDB-51 test3 1,529 of 1,530; UCF-101 test1 9 of 9."
    )
    assert note in markdown(shown) and note in table_section("t", shown, {}).body
    assert "| 40.0 ± 0.0 ‡ | 50.0 | 45.0 ‡ |" in " ".join(markdown(shown).split())
    assert r"$^\ddagger$ some listed videos are missing or broken" in latex(shown, "t")


def test_where_runs_found_more_or_fewer_videos_of_a_split_its_coverage_is_the_worst():
    part = {"listed": 9, "top1": 50.0}
    found = {f"run-{n}": {"hmdb51-test1-2x1": {**part, "n_videos": n}} for n in (7, 8, 9)}
    cells = [cell(f"row {n}", "hmdb51", splits=1, run=f"run-{n}") for n in (8, 7, 9)]
    assert coverage_of(cells, found).splits == {("hmdb51", "test1"): (7, 9)}


def test_the_coverage_is_told_in_the_order_of_data_sets_and_splits():
    splits = {("ucf101", "test1"): (1, 2), ("hmdb51", "test2"): (4, 4), ("hmdb51", "test1"): (3, 3)}
    told = sentence(Coverage(splits), {"hmdb51": "HMDB-51"})
    assert told.endswith(": HMDB-51 test1 3 of 3; HMDB-51 test2 4 of 4; ucf101 test1 1 of 2.")


def test_a_cell_that_is_not_measured_is_not_marked_for_videos_that_it_lacks():
    found = {"run-a": {"hmdb51-test1-2x1": {"top1": 50.0, "n_videos": 8, "listed": 9}}}
    cells = [cell("TC-CLIP", "hmdb51", splits=2)]
    coverage = coverage_of(cells, found)
    assert coverage.incomplete == {cells[0].key}
    (line,) = grid(build(cells, found), "t", COLUMNS2[:1], NAMES, coverage=coverage).lines
    assert line.entries[0].value is None and not line.entries[0].incomplete


def test_full_coverage_marks_nothing():
    found = {"run-a": {"hmdb51-test1-2x1": evaluation_part(50.0, videos=9) | {"listed": 9}}}
    coverage = coverage_of([cell("TC-CLIP", "hmdb51", splits=1)], found)
    assert (coverage.splits, coverage.incomplete) == ({("hmdb51", "test1"): (9, 9)}, frozenset())
