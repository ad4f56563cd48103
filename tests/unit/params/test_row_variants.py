"""A row of a table makes a variant of a method with `set`; by the name it gets it is a method like any other."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from tcclip.bench.cases import Case, check
from tcclip.errors import UserError
from tcclip.params import load_method
from tcclip.params.reader import params_folder
from tcclip.params.variants import method_names, variants
from tcclip.plan import load_plan
from tcclip.reporting.results import labels
from tcclip.reporting.run_origin import not_default


@pytest.fixture
def params(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of params/ to change."""
    shutil.copytree(params_folder(), tmp_path / "params")
    monkeypatch.setenv("TCCLIP_PARAMS", str(tmp_path / "params"))
    load_plan.cache_clear()
    yield tmp_path / "params"
    load_plan.cache_clear()


def with_row(params: Path, table: str, **row: Any) -> Path:
    path = params / "tables" / f"{table}.yaml"
    content = yaml.safe_load(path.read_text())
    content["rows"].append(row)
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    return path


def test_a_variant_is_its_method_with_the_rows_keys_and_has_a_name_for_people() -> None:
    variant, whole = load_method("tc_only-k32"), load_method("tc_only")
    assert variant.tc is not None and whole.tc is not None
    assert (variant.tc.k, variant.tc.model_copy(update={"k": 96})) == (32, whole.tc)
    assert (variant.name, variant.display) == ("tc_only-k32", "TC only, k 32")
    assert load_method("tc_only-kmeans").display == "K-means"  # of its row
    assert load_method("tc_only-k32", {"tc.alpha": 0.4}).tc == variant.tc.model_copy(update={"alpha": 0.4})


def test_its_runs_bear_its_name_and_another_table_may_name_it() -> None:
    plan = load_plan("mini")
    run = plan.run("few_shot-hmdb51-k16-tc_only-kmeans-s1024")
    assert run.method == "tc_only-kmeans"
    assert plan.tables_of(run.name) == ["table1", "table8b"]
    assert labels(plan)["tc_only-k32"] == "TC only, k 32"


def test_the_bench_measures_it_by_its_name() -> None:
    check([Case("tc_only-k32", "eval", 51, 2, 2)])
    with pytest.raises(UserError, match="unknown method 'tc_only-k33'"):
        check([Case("tc_only-k33", "eval", 51, 2, 2)])


def test_what_a_run_of_it_has_other_than_its_method_is_told_with_the_methods_place() -> None:
    told = not_default({"method": load_method("tc_only-k32").model_dump(mode="json")})
    assert [(item.key, item.value, item.default) for item in told] == [("tc.k", 32, 96)]
    assert told[0].where.endswith("methods/tc_only.yaml")
    changed = not_default({"method": load_method("tc_only-k32", {"tc.r": 50}).model_dump(mode="json")})
    assert changed[-1].key == "tc.summarizer.r" and changed[-1].where.endswith("tables/table9c.yaml, row '32'")


def test_an_unknown_key_of_set_is_an_error_with_table_row_and_the_nearest_key(params: Path) -> None:
    with_row(params, "table9c", row="48", method="tc_only", set={"tc.kk": 48}, **{"as": "tc_only-k48"})
    with pytest.raises(UserError, match=r"table9c\.yaml, row '48': unknown key 'tc\.kk': did you mean 'k'\?"):
        load_plan("mini")


def test_an_unknown_method_comes_with_the_nearest_variant_too() -> None:
    with pytest.raises(UserError, match="unknown method 'tc_only-kmean': did you mean 'tc_only-kmeans'"):
        load_method("tc_only-kmean")


def test_one_name_with_two_meanings_is_an_error_with_both_files(params: Path) -> None:
    with_row(params, "table8b", row="K-means of 32", method="tc_only", set={"tc.k": 31}, **{"as": "tc_only-k32"})
    with pytest.raises(UserError) as error:
        load_plan("mini")
    assert all(part in str(error.value) for part in ("table8b.yaml", "tc.k: 31", "table9c.yaml", "tc.k: 32"))


def test_one_name_with_one_meaning_in_two_tables_is_one_run(params: Path) -> None:
    before = load_plan("mini").runs
    load_plan.cache_clear()
    with_row(params, "table8b", row="K-means of 32", method="tc_only", set={"tc.k": 32}, **{"as": "tc_only-k32"})
    plan = load_plan("mini")
    assert plan.runs == before
    assert plan.tables_of("few_shot-hmdb51-k2-tc_only-k32-s1024") == ["table8b", "table9c"]
    assert plan.method("tc_only-k32").display == "K-means of 32"  # of the first row that states it


def test_a_variant_of_a_variant_changes_both_keys(params: Path) -> None:
    with_row(params, "table8b", row="odd", method="tc_only-k32", set={"tc.alpha": 0.5}, **{"as": "tc_only-odd"})
    tc = load_method("tc_only-odd").tc
    assert tc is not None and (tc.k, tc.alpha) == (32, 0.5)


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ({"method": "tc_only", "set": {"tc.k": 5}}, "row 'odd': set needs as, the name of the variant"),
        ({"set": {"tc.k": 5}, "as": "odd"}, "row 'odd': set needs method, which it changes"),
        ({"method": "tc_only", "as": "odd"}, "row 'odd': as is for rows with set"),
        ({"method": "tc_only", "set": {"tc.k": 5}, "as": "a/b"}, "row 'odd': as: string should match pattern"),
        ({"method": "tc_only", "set": {"tc.k": 5}, "as": "vp_only"}, "'vp_only' is the name of"),
        ({"method": "odd", "set": {"tc.k": 5}, "as": "odd"}, "'odd' is a variant of itself"),
        ({"method": "tc_only", "sett": {"tc.k": 5}, "as": "odd"}, "row 'odd': unknown key 'sett': did you mean 'set'?"),
    ],
)
def test_a_row_that_makes_no_variant_is_one_sentence_with_file_and_row(
    row: dict[str, Any], sentence: str, params: Path
) -> None:
    with_row(params, "table8b", row="odd", **row)
    with pytest.raises(UserError) as error:
        variants()
    assert sentence in str(error.value) and "table8b.yaml" in str(error.value)


def test_methods_that_can_be_named_are_those_with_files_and_the_variants() -> None:
    assert {"tc_clip", "vp_only", "tc_only-k32", "vifi_clip-adjacent"} <= set(method_names())
