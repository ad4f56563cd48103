"""params/claims.yaml says what the paper says: its rows and columns exist, and its printed numbers agree."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from tcclip.claims.contrasts import contrasts
from tcclip.claims.printed import as_printed, holds_as_printed, printed_numbers
from tcclip.claims.rows import layouts
from tcclip.errors import UserError
from tcclip.params.claims import Claim, load_claims
from tcclip.params.reader import params_folder

CLAIMS = load_claims()
LAYOUTS, PRINTED = layouts(), printed_numbers()
ABOVE = {"table": "table8b", "rows": "K-means", "over": "Baseline", "columns": "all", "above": 0}


def claim(**part: Any) -> Claim:
    given = {key: value for key, value in {**ABOVE, **part}.items() if value is not None}
    return Claim.model_validate({"name": "one", "says": "One.", "place": "Table 8b", "all_of": [given]})


@pytest.mark.parametrize("said", CLAIMS, ids=lambda said: said.name)
def test_every_claim_is_true_of_the_printed_numbers_or_says_that_it_is_not(said):
    found = contrasts(said, LAYOUTS)
    assert any(as_printed(contrast, PRINTED) is not None for contrast in found)
    assert holds_as_printed(found, PRINTED) == said.holds_as_printed


def test_there_are_many_claims_about_all_tables_and_each_stands_alone():
    assert len(CLAIMS) >= 25
    printed = {table for table, *_ in PRINTED}
    assert {part.table for said in CLAIMS for part in said.all_of} == printed
    assert all(said.says[-1] == "." and not said.says.startswith(("It ", "They ", "So ")) for said in CLAIMS)
    assert all(said.place.startswith(("Table ", "Tables ")) for said in CLAIMS)


def test_the_rest_are_the_other_rows_under_the_same_heading():
    said = next(said for said in CLAIMS if said.name == "zero-shot-best-ensemble")
    over = [contrast.over for contrast in contrasts(said, LAYOUTS)]
    assert over == [("weight ensemble", name) for name in ("ActionCLIP", "ViFi-CLIP", "Open-VCLIP")]


def test_a_row_that_one_adds_to_a_table_of_the_paper_is_no_rival(tmp_path, monkeypatch):
    said = next(said for said in CLAIMS if said.name == "fully-supervised-best")
    before = contrasts(said, LAYOUTS)
    shutil.copytree(params_folder(), tmp_path / "params")
    monkeypatch.setenv("TCCLIP_PARAMS", str(tmp_path / "params"))
    mine = {"row": "Mine", "method": "tc_clip_light"}
    change(tmp_path / "params/tables/table5.yaml", lambda table: table["rows"].append(mine))
    assert ("", "Mine") in layouts()["table5"].rows
    assert contrasts(said, layouts()) == before


def test_cells_that_the_paper_leaves_empty_are_no_part_of_a_claim():
    said = next(said for said in CLAIMS if said.name == "best-in-every-protocol")
    asked = [(contrast.over[1], *contrast.columns) for contrast in contrasts(said, LAYOUTS)]
    assert ("Vita-CLIP", "zero_shot") in asked and ("Vita-CLIP", "few_shot") not in asked
    assert len(asked) == 5 * 4 - 4


def test_a_mean_over_columns_is_one_number_and_columns_are_one_each():
    (mean,) = contrasts(claim(columns=None, mean_of=["hmdb51", "ssv2"]), LAYOUTS)
    assert as_printed(mean, PRINTED) == pytest.approx((62.1 - 62.6 + 9.0 - 8.7) / 2)
    each = contrasts(claim(columns=["hmdb51", "ssv2"]), LAYOUTS)
    assert [as_printed(contrast, PRINTED) for contrast in each] == [-0.5, 0.3]


def test_a_row_is_not_compared_with_itself():
    assert contrasts(claim(rows=["K-means", "Baseline"]), LAYOUTS) == contrasts(claim(), LAYOUTS)


def test_a_comparison_that_is_written_twice_counts_once():
    said = claim(columns=["hmdb51", "ssv2"])
    assert contrasts(said.model_copy(update={"all_of": 2 * said.all_of}), LAYOUTS) == contrasts(said, LAYOUTS)


@pytest.mark.parametrize(
    ("bound", "holds"), [({"above": 0.1}, False), ({"above": None, "below": 0.1}, False), ({}, True)]
)
def test_a_printed_difference_at_the_bound_is_neither_above_nor_below_it(bound, holds):
    assert holds_as_printed(contrasts(claim(**bound), LAYOUTS), PRINTED) == holds  # 53.6 - 53.5


def test_a_difference_less_another_one_and_a_quotient():
    (gain,) = contrasts(claim(rows="DPC-KNN", than={"row": "K-means", "over": "Baseline"}), LAYOUTS)
    assert as_printed(gain, PRINTED) == pytest.approx((54.4 - 53.5) - (53.6 - 53.5))
    (share,) = contrasts(claim(ratio=True, above=1), LAYOUTS)
    assert as_printed(share, PRINTED) == pytest.approx(53.6 / 53.5, abs=1e-6)


def test_what_is_not_printed_is_left_out_of_the_comparison_with_the_paper():
    asked = {"table": "table2", "group": "no weight ensemble", "rows": "Vita-CLIP", "over": "ViFi-CLIP"}
    found = contrasts(claim(**asked, columns=["k600_top5", "all_top1"], above=None, below=0), LAYOUTS)
    assert [as_printed(contrast, PRINTED) for contrast in found] == [None, pytest.approx(63.7 - 67.3)]
    assert holds_as_printed(found, PRINTED)


@pytest.mark.parametrize(
    "part, sentence",
    [
        (
            {"rows": "K-maens"},
            "row of table8b in .*claims.yaml: claim one 'K-maens': did you mean 'K-means'\\?",
        ),
        ({"columns": "al"}, "unknown column of table8b in .*claims.yaml: claim one 'al': did you mean 'all'\\?"),
        ({"table": "table8c"}, "unknown table in .*claims.yaml: claim one 'table8c': did you mean 'table"),
        ({"than": {"row": "Nothing", "over": "Baseline"}}, "unknown row of table8b .*'Nothing'"),
        (
            {"table": "table7", "rows": "Baseline", "over": "weight ensemble / (a) + TC"},
            "table7 has several rows 'Baseline': write 'no weight ensemble / Baseline' or 'weight ensemble / Baseline'",
        ),
    ],
)
def test_a_name_that_no_table_has_is_refused_with_what_is_allowed(part, sentence):
    with pytest.raises(UserError, match=sentence):
        contrasts(claim(**part), LAYOUTS)


def test_a_row_or_table_of_the_paper_that_one_has_removed_is_still_known(tmp_path, monkeypatch):
    shutil.copytree(params_folder(), tmp_path / "params")
    monkeypatch.setenv("TCCLIP_PARAMS", str(tmp_path / "params"))
    change(tmp_path / "params/tables/table8b.yaml", lambda table: table["rows"].pop())
    (tmp_path / "params/tables/table9a.yaml").unlink()
    assert ("", "Bipartite with saliency weights") in layouts()["table8b"].rows
    assert ("", "Spatial embedding + bias") in layouts()["table9a"].rows


@pytest.mark.parametrize(
    "key, value, sentence",
    [
        ("abvoe", 0, r"unknown key 'claims.0.all_of.0.abvoe': did you mean 'above'\?"),
        ("below", 1, "claims.0.all_of.0: needs exactly one of above, below and within"),
        ("mean_of", ["all"], "claims.0.all_of.0: needs exactly one of columns and mean_of"),
        ("rows", [], "claims.0.all_of.0.rows: list should have at least 1 item"),
    ],
)
def test_a_mistake_names_the_file_and_the_key(tmp_path, monkeypatch, key, value, sentence):
    shutil.copytree(params_folder(), tmp_path / "params")
    monkeypatch.setenv("TCCLIP_PARAMS", str(tmp_path / "params"))
    change(tmp_path / "params/claims.yaml", lambda file: file["claims"][0]["all_of"][0].update({key: value}))
    with pytest.raises(UserError, match=rf"claims.yaml: {sentence}"):
        load_claims()


def test_two_claims_of_one_name_and_a_disagreement_without_a_reason_are_refused(tmp_path, monkeypatch):
    shutil.copytree(params_folder(), tmp_path / "params")
    monkeypatch.setenv("TCCLIP_PARAMS", str(tmp_path / "params"))
    change(tmp_path / "params/claims.yaml", lambda file: file["claims"].append(file["claims"][0]))
    with pytest.raises(UserError, match="two claims are called 'zero-shot-best'"):
        load_claims()
    change(tmp_path / "params/claims.yaml", lambda file: file["claims"].pop())
    change(tmp_path / "params/claims.yaml", lambda file: file["claims"][0].update(holds_as_printed=False))
    with pytest.raises(UserError, match=r"claims.0: reason goes with holds_as_printed: false"):
        load_claims()


def change(path: Path, how: Any) -> None:
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    how(content)
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
