"""MLflow's page in a real browser: all of Table 8b, sorted by All, is two clicks away from the page's start.

TCCLIP_SCREENSHOT=docs/mlflow_table8b.png writes the picture of docs/mlflow.md anew.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import psutil
import pytest
from browser import LOAD_SECONDS, chromium, need_chromium
from hand_made import write_suite
from ports import free_port
from servers import process, wait_for

from tcclip.plan import Plan, load_plan, plan_with_seeds
from tcclip.process.files import read_json
from tcclip.reporting import write_report
from tcclip.reporting.cells import read_table
from tcclip.reporting.tables import write_table
from tcclip.tracking import store
from tcclip.tracking.address import DATABASE
from tcclip.tracking.loader import load_runs
from tcclip.tracking.mlflow_api import client
from tcclip.tracking.saved_views import SEEDS, link, over_seeds

pytestmark = pytest.mark.component
SHOWN = 250_000  # bytes of the picture in docs/
LOADED_AT_ONCE = 100  # runs, by MLflow's page


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A checkout's folder with the runs of Table 8b (their numbers are made up) loaded into MLflow."""
    need_chromium()
    folder = tmp_path_factory.mktemp("project")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        patch.chdir(folder)
        whole = plan_with_seeds("mini", "table8b/vifi_clip:1024,1025")
        runs = {name: whole.runs[name] for name in whole.runs_of("table8b")}
        plan = Plan(whole.suite, {"table8b": whole.tables["table8b"]}, {"table8b": whole.cells["table8b"]}, runs)
        write_suite(plan)
        write_table(plan, "table8b")
        store.create_store()
        write_report(plan, so_far=True)
        load_runs(plan)
        yield folder


@pytest.fixture(scope="module")
def ui(project: Path) -> Iterator[tuple[str, int]]:
    """`tcclip ui` as a person starts it; its address and process id."""
    port = free_port()
    log = project / "ui.log"
    root = str(Path(__file__).parents[2])
    command = [sys.executable, "-m", "tcclip.cli.app", "ui", "--port", str(port)]
    with process(command, log, PYTHONPATH=root) as server:
        wait_for(f"http://127.0.0.1:{port}/health", server, log)
        yield f"http://127.0.0.1:{port}", server.pid


@pytest.fixture
def browser(ui: tuple[str, int]) -> Iterator[Any]:
    with chromium() as driver:
        yield driver


def rows_of(browser: Any) -> list[str]:
    """The names of the runs in the list, from top to bottom."""
    links = browser.find_elements("css selector", ".ag-row a[href*='/runs/']")
    return [link.text for link in sorted(links, key=lambda link: link.location["y"]) if link.text]


def lines_of(browser: Any) -> list[str]:
    """What the page says."""
    return list(browser.find_element("tag name", "body").text.splitlines())


def all_of(browser: Any, selector: str) -> list[Any]:
    return list(browser.find_elements("css selector", selector))


def words_of_plots(browser: Any) -> set[str]:
    """What is written in the page's drawings."""
    texts = browser.find_elements("css selector", "svg text")
    return {text.get_attribute("textContent") for text in texts}


def store_id(project: Path) -> str:
    return str(read_json(project / "mlruns/store.json")["experiments"]["mini"])


def close_assistant(browser: Any) -> None:
    """MLflow's chat panel takes a quarter of a new browser's page."""
    for button in browser.find_elements("css selector", "[data-component-id='mlflow.assistant.chat_panel.close']"):
        button.click()


def wait(browser: Any, condition: Any) -> Any:
    from selenium.common.exceptions import StaleElementReferenceException
    from selenium.webdriver.support.ui import WebDriverWait

    # the page draws its list anew while it is being read
    return WebDriverWait(browser, LOAD_SECONDS, ignored_exceptions=[StaleElementReferenceException]).until(condition)


def test_all_of_table_8b_sorted_by_all_is_two_clicks(ui, browser, project, tmp_path):
    frame = read_table(project / "reports/mini/tables/table8b.csv")
    best_first = frame[frame["column"] == "all"].sort_values("value", ascending=False)
    title = load_plan("mini").tables["table8b"].title
    browser.get(f"{ui[0]}/#/experiments/{store_id(project)}/runs")  # what `tcclip ui` prints
    wait(browser, lambda b: len(rows_of(b)) > len(best_first))
    close_assistant(browser)
    browser.find_element("css selector", "[data-testid=saved-views-trigger]").click()
    (item,) = wait(
        browser, lambda b: [i for i in b.find_elements("css selector", "[role=menuitem]") if i.text == title]
    )
    item.click()
    values = dict(zip(best_first["row"], best_first["value"], strict=True))

    def best_are_first(b: Any) -> bool:
        rows = rows_of(b)  # of two that are equal either may be first
        return set(rows) == set(values) and [values[row] for row in rows] == list(best_first["value"])

    wait(browser, best_are_first)
    page = browser.find_element("tag name", "body").text
    for column in ("hmdb51", "ucf101", "ssv2", "all", "method"):
        assert column in page, column
    for value in best_first["value"]:
        assert f"{value:.6f}".rstrip("0") in page
    picture = tmp_path / "table8b.png"
    browser.save_screenshot(str(picture))
    assert 10_000 < picture.stat().st_size < SHOWN
    if target := os.environ.get("TCCLIP_SCREENSHOT"):
        shutil.copy(picture, Path(__file__).parents[2] / target)


def test_a_groups_runs_come_together_in_the_view_of_several_seeds(project):
    view = over_seeds()
    order = f"{view['orderByKey']} {'ASC' if view['orderByAsc'] else 'DESC'}"
    runs = client(f"sqlite:///{project / DATABASE}").search_runs(
        [store_id(project)], view["searchFilter"], order_by=[order]
    )
    groups = [name for name, _ in groupby(run.data.tags["configuration"] for run in runs)]
    assert len(runs) > LOADED_AT_ONCE  # else the order would not matter: of a group in two pages a part is shown
    assert len(groups) == len(set(groups)) < len(runs)


def test_runs_that_differ_in_their_seed_alone_are_a_group_of_a_view(ui, browser, project):
    browser.set_window_size(1500, 6000)  # the list has in the page only the groups that fit the window
    browser.get(f"{ui[0]}/{link(store_id(project), SEEDS)}")
    group = "few_shot-hmdb51-k2-vifi_clip"
    wait(browser, lambda b: f"Group: {group}" in lines_of(b))
    assert "Group by: configuration" in lines_of(browser)

    def under(b: Any) -> list[int]:
        lines = lines_of(b)
        below = lines[lines.index(f"Group: {group}") :]
        return [below.count(f"{group}-s{seed}") for seed in (1024, 1025)]

    wait(browser, lambda b: under(b) == [1, 1])  # a group's runs are drawn after its name


def test_the_charts_of_an_ablation_open_from_the_link_beside_its_table(ui, browser, project, monkeypatch, tmp_path):
    page = project / "reports/mini/index.html"
    browser.get(page.as_uri())
    (beside,) = browser.find_elements("link text", "Charts in MLflow")
    leads = project / "mlruns/mini.js"
    leads.write_text(leads.read_text().replace("http://127.0.0.1:5000", ui[0]))  # the port of a test is another
    beside.click()
    title = load_plan("mini").tables["table8b"].title
    wait(browser, lambda b: title in lines_of(b))
    close_assistant(browser)
    wait(browser, lambda b: "tc.summarizer.kind" in words_of_plots(b))
    shown = words_of_plots(browser)
    for name in ("kmeans", "dpc_knn", "bipartite", "hmdb51", "ucf101", "ssv2", "all"):  # axes, and a value of one
        assert name in shown, name
    picture = tmp_path / "charts.png"
    browser.save_screenshot(str(picture))
    if target := os.environ.get("TCCLIP_CHARTS_SCREENSHOT"):
        shutil.copy(picture, Path(__file__).parents[2] / target)


def test_a_page_of_another_clone_says_how_to_load_the_runs_and_then_leads_to_them(project, tmp_path):
    shutil.copytree(project / "reports", tmp_path / "reports")  # what DVC brings; the store does not travel
    page = (tmp_path / "reports/mini/index.html").as_uri()
    with chromium() as browser:
        browser.get(page)
        browser.find_element("link text", "Charts in MLflow").click()
        said = "The runs are not in MLflow here yet: snakemake mlflow --config suite=mini loads them."
        wait(browser, lambda b: said in lines_of(b))
        assert all_of(browser, "a[href]") == []
        assert "make ui" not in " ".join(lines_of(browser))
        (tmp_path / "mlruns").mkdir()
        told = (project / "mlruns/mini.js").read_text()  # as a load in this clone writes it
        (tmp_path / "mlruns/mini.js").write_text(re.sub(r"http://127\.0\.0\.1:\d+", tmp_path.as_uri(), told))
        browser.get(page)
        browser.find_element("link text", "Charts in MLflow").click()
        wait(browser, lambda b: b.current_url.startswith(f"{tmp_path.as_uri()}/#/experiments/{store_id(project)}/"))


def test_the_page_is_for_this_machine_alone(ui):
    server = psutil.Process(ui[1])
    family = [server, *server.children(recursive=True)]
    listening = [c.laddr for p in family for c in p.net_connections("inet") if c.status == psutil.CONN_LISTEN]
    assert {place.ip for place in listening} == {"127.0.0.1"}
    assert int(ui[0].rpartition(":")[2]) in {place.port for place in listening}
