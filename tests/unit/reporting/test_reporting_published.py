"""Tables beside the paper's printed ones: the same rows and columns, and clear errors where they differ."""

import pandas as pd
import pytest

from tcclip.errors import UserError
from tcclip.plan import load_plan
from tcclip.reporting.cells import COLUMNS
from tcclip.reporting.published_numbers import check_names, published_file, read_published
from tcclip.reporting.tables import results_of, table_frame

OURS = ("fair", "diagnostic")  # which no paper has


@pytest.mark.parametrize("name", [name for name in load_plan("mini").tables if name not in OURS])
@pytest.mark.parametrize("suite", ["mini", "paper"])
def test_a_table_has_the_published_rows_and_columns_in_their_order(name, suite, tmp_path, monkeypatch):
    plan = load_plan(suite)
    monkeypatch.chdir(tmp_path)
    frame = table_frame(plan, name, results_of(plan, name))
    assert list(frame.columns) == COLUMNS
    printed = read_published(name)
    assert list(zip(frame["group"], frame["row"], frame["column"], strict=True)) == list(printed)
    counted = {cell.column for cell in plan.cells[name] if cell.benched}  # needs no run
    frame = frame[~frame["column"].isin(counted)]
    printed = {key: value for key, value in printed.items() if key[2] not in counted}
    if suite == "mini":
        assert not frame[["value", "published", "published_std"]].notna().any().any()
        assert set(frame["source"]) == {""}
    else:
        for line, cell_ in zip(frame.itertuples(), printed.values(), strict=True):
            assert (None if pd.isna(line.value) else line.value) == cell_.value
            assert (None if pd.isna(line.std) else line.std) == cell_.std
            assert (line.source == "quoted") == (cell_.value is not None)
        assert frame["published"].equals(frame["value"])


def test_a_misspelt_row_is_one_clear_error():
    printed = read_published("table3")
    cells = [(group, row.replace("X-CLIP", "XCLIP"), column) for group, row, column in printed]
    with pytest.raises(UserError) as error:
        check_names("table3", cells, printed, "params/tables/table3.yaml")
    assert str(error.value) == (
        "params/tables/table3.yaml: row 'original names / XCLIP' is not in params/published.csv for table3, which has "
        "'original names / X-CLIP': write it as printed, or keep the printed row beside your own"
    )


def test_a_misspelt_table_is_one_clear_error(tmp_path):
    text = published_file().read_text()
    (tmp_path / "published.csv").write_text(text.replace("\ntable3,", "\ntabel3,"))
    with pytest.raises(UserError, match=r"published\.csv: table 'tabel3' is not in params/tables/, and 'table3'"):
        read_published("table3", tmp_path / "published.csv")


def test_a_misspelt_column_is_one_clear_error():
    printed = read_published("table2")
    cells = [(group, row, column.replace("ucf101", "ucf-101")) for group, row, column in printed]
    with pytest.raises(
        UserError, match=r"column 'ucf-101' is not in params/published.csv for table2, which has 'ucf101'"
    ):
        check_names("table2", cells, printed, "table2.yaml")


def test_own_rows_beside_the_printed_ones_and_own_tables_are_fine():
    printed = read_published("table2")
    check_names("table2", [*printed, ("mine", "TC-CLIP, k = 7", "hmdb51")], printed, "table2.yaml")
    check_names("mine", [("", "a", "b")], read_published("mine"), "mine.yaml")


def test_a_published_file_with_other_columns_is_refused(tmp_path):
    (tmp_path / "published.csv").write_text("table,row,value\n")
    with pytest.raises(UserError, match="the columns must be table,group,row,column,value,std,note"):
        read_published("table2", tmp_path / "published.csv")
