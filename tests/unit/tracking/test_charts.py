"""What an ablation varies, MLflow's charts of it, and the page that leads to them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tcclip.plan import load_plan
from tcclip.reporting.mlflow_page import write_mlflow_page
from tcclip.tracking.ablated import settings
from tcclip.tracking.links import write_links
from tcclip.tracking.saved_views import envelope, views

LONGEST = 20_000  # characters of an experiment's tag that MLflow takes


def test_a_table_over_one_setting_shows_its_values_by_row() -> None:
    found = settings(load_plan("paper"), "table9c")
    assert {row: values for (_, row), values in found.items()} == {
        k: {"tc.k": k} for k in ("16", "32", "64", "96", "128")
    }


def test_a_row_without_the_setting_says_so_and_words_are_no_settings() -> None:
    found = settings(load_plan("mini"), "table8b")
    assert found["", "Baseline"]["tc.summarizer.kind"] == "none"
    assert found["", "K-means"]["tc.summarizer.kind"] == "kmeans"
    assert not {"name", "display", "description"} & found["", "K-means"].keys()


def test_rows_that_differ_in_their_group_alone_are_told_apart() -> None:
    found = settings(load_plan("mini"), "table7")
    assert found["weight ensemble", "Baseline"]["group"] == "weight ensemble"


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("suite", ["mini", "paper"])
def test_every_ablation_has_a_view_with_its_settings_and_columns_that_mlflow_takes(suite: str) -> None:
    plan = load_plan(suite)
    found = views(plan)
    for name, table in plan.tables.items():
        assert (f"{name}-charts" in found) == table.ablation
        if table.ablation:
            title, state = found[f"{name}-charts"]
            across, *bars = state["compareRunCharts"]
            assert across["selectedMetrics"] == [bar["metricKey"] for bar in bars] == [c.name for c in table.columns]
            assert across["selectedParams"] and state["searchFilter"] == f"tags.table = '{name}'"
            assert {chart["metricSectionId"] for chart in (across, *bars)} == {state["compareRunSections"][0]["uuid"]}
            assert len(envelope(title, state)) < LONGEST


@pytest.mark.parametrize(
    ("uri", "base"),
    [("http://mlflow.example:8080/", "http://mlflow.example:8080"), ("sqlite:///x.db", "http://127.0.0.1:5000")],
)
def test_a_load_tells_beside_the_store_where_the_charts_are(empty: Path, uri: str, base: str) -> None:
    write_links(load_plan("mini"), "7", uri)
    told = json.loads(Path("mlruns/mini.js").read_text().removeprefix("window.mlflowCharts = ").removesuffix(";\n"))
    view = "viewStateShareKey=table8b-charts&compareRunsMode=CHART"
    assert told["links"]["table8b"] == f"{base}/#/experiments/7/runs?{view}"
    assert told["local"] == uri.startswith("sqlite")


def test_the_page_that_travels_with_the_results_knows_no_store_and_asks_the_reader_s(empty: Path) -> None:
    write_links(load_plan("mini"), "7", "sqlite:///x.db")
    write_mlflow_page(load_plan("mini"))
    text = Path("reports/mini/mlflow.html").read_text()
    assert "experiments" not in text and "127.0.0.1" not in text
    assert "<code>snakemake mlflow --config suite=mini</code> loads them" in text
    (asked,) = re.findall('<script src="(.*?)">', text)
    assert (Path("reports/mini") / asked).resolve() == Path("mlruns/mini.js").resolve()


def test_a_view_is_kept_in_the_form_of_mlflow() -> None:
    title, state = views(load_plan("mini"))["table9b-charts"]
    kept = json.loads(envelope(title, state))
    assert kept["name"].endswith(": charts") and json.loads(kept["state"])["isAccordionReordered"]
