"""The page of a finished project and Snakemake's report of it, in a real browser, from files and without a network."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import chromium, need_chromium
from projects import Project
from selenium.webdriver.common.keys import Keys

from tcclip.reporting.cells import read_table
from tcclip.reporting.grid import DASH

pytestmark = pytest.mark.component
WIDE, NARROW = 1400, 400  # pixels
OFFLINE = "--host-resolver-rules=MAP * ~NOTFOUND"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    need_chromium()
    with chromium(OFFLINE) as driver:
        yield driver


@pytest.fixture
def page(browser: Any, finished: Project) -> Any:
    browser.get((finished.folder / "reports/mini/index.html").as_uri())
    seen(browser, WIDE)
    yield browser
    assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []


def seen(browser: Any, width: int, scheme: str = "light") -> None:
    """How wide the window is, and whether the system asks for a dark page."""
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    feature = {"name": "prefers-color-scheme", "value": scheme}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})


def all_of(browser: Any, selector: str) -> list[Any]:
    return list(browser.find_elements("css selector", selector))


def column(browser: Any, table: str, number: int) -> list[str]:
    """The texts of a column, group by group as they stand."""
    rows = all_of(browser, f"#{table} tbody tr:not(.group)")
    return [row.find_element("css selector", f":nth-child({number})").text for row in rows]


def test_rows_sort_down_up_and_back_by_click_and_by_key_and_stay_in_their_groups(page: Any) -> None:
    before, groups = column(page, "table3", 1), len(all_of(page, "#table3 tbody"))
    first_group = len(all_of(page, "#table3 tbody:first-of-type tr:not(.group)"))
    (head,) = all_of(page, "#table3 thead tr:last-child th:nth-child(2)")
    button = head.find_element("tag name", "button")
    button.click()
    assert head.get_attribute("aria-sort") == "descending"
    for part in (column(page, "table3", 2)[:first_group], column(page, "table3", 2)[first_group:]):
        measured = [float(text.split()[0]) for text in part if text != DASH]
        assert measured == sorted(measured, reverse=True)
        assert all(text == DASH for text in part[len(measured) :])  # empty cells are below
    tops = [row.get_attribute("class") for row in all_of(page, "#table3 tbody tr:first-child")]
    assert tops == ["group"] * groups  # a group's heading stays above its rows
    assert sorted(column(page, "table3", 1)[:first_group]) == sorted(before[:first_group]) and groups == 2
    button.send_keys(Keys.ENTER)
    assert head.get_attribute("aria-sort") == "ascending"
    button.send_keys(Keys.SPACE)
    assert head.get_attribute("aria-sort") is None and column(page, "table3", 1) == before


def test_a_number_opens_its_chain_and_escape_goes_back_to_it(page: Any, finished: Project) -> None:
    frame = read_table(finished.folder / "reports/mini/tables/table3.csv")
    line = next(frame[frame["source"] == "measured"].itertuples())
    (dialog,) = all_of(page, "dialog")
    assert not dialog.is_displayed()
    (first, *others) = all_of(page, "#table3 td[data-cell] button")
    assert len(all_of(page, "#table3 td[data-cell] button[tabindex='0']")) == 1  # one stop of the tab key
    first.send_keys(Keys.ENTER)
    assert f"{line.row}, {line.column}, suite mini" in dialog.find_element("tag name", "h2").text
    for words in (
        f"{line.value:.2f}",
        line.runs.split(";")[0],
        "those of method",
        "made by",
        "tcclip reproduce table3",
    ):
        assert words in dialog.text, words
    page.switch_to.active_element.send_keys(Keys.ESCAPE)
    assert not dialog.is_displayed() and page.switch_to.active_element == first
    first.send_keys(Keys.ARROW_RIGHT)
    moved = page.switch_to.active_element
    assert moved in others and moved.get_attribute("tabindex") == "0" and first.get_attribute("tabindex") == "-1"
    moved.click()
    assert dialog.is_displayed()
    dialog.find_element("tag name", "button").click()
    assert not dialog.is_displayed()


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("scheme, paper", [("light", "rgba(255, 255, 255, 1)"), ("dark", "rgba(18, 23, 28, 1)")])
def test_nothing_is_cut_and_all_pictures_are_there(page: Any, width: int, scheme: str, paper: str) -> None:
    seen(page, width, scheme)
    assert page.find_element("tag name", "body").value_of_css_property("background-color") == paper
    assert page.execute_script("return document.documentElement.scrollWidth") <= width
    pictures = all_of(page, "img")
    assert page.execute_script("return arguments[0].every((image) => image.naturalWidth > 0)", pictures)
    assert all(picture.get_attribute("alt") for picture in all_of(page, "figure > a img"))
    assert len(all_of(page, "#gallery figure.strip img")) >= 4  # frames of videos
    page.execute_script("document.querySelector('td[data-cell] button').click()")
    box = page.find_element("tag name", "dialog").rect
    assert box["x"] >= 0 and box["x"] + box["width"] <= width
    assert page.execute_script("const d = document.querySelector('dialog'); return d.scrollWidth <= d.clientWidth")


def test_headings_of_a_table_wrap_and_a_claims_interval_is_seen_in_a_narrow_window(page: Any) -> None:
    seen(page, 500)
    words = all_of(page, ".results thead th, .results thead button")
    assert {word.value_of_css_property("white-space") for word in words} == {"normal"}
    intervals = all_of(page, "#claims .claims > tbody > tr > .interval")
    assert intervals and all(cell.rect["x"] + cell.rect["width"] <= 500 for cell in intervals)


def test_snakemakes_report_is_a_whole_archive_that_opens_without_a_network(
    browser: Any, finished: Project, tmp_path: Path
) -> None:
    finished.snakemake("--report", str(tmp_path / "report.zip"))
    with zipfile.ZipFile(tmp_path / "report.zip") as archive:
        archive.extractall(tmp_path)
    names = {path.name for path in (tmp_path / "report/data/raw").rglob("*") if path.is_file()}
    tables = {path.name for path in (finished.folder / "reports/mini/tables").iterdir()}
    charts = {path.name for path in (finished.folder / "reports/mini/charts").glob("*.png")}
    figures = {path.name for path in (finished.folder / "reports/mini/figures").iterdir()}
    assert names == tables | charts | figures | {"index.html"} and charts and "table3.tex" in tables
    assert figures == {"figure7.png", "figure7.pdf"}
    browser.get((tmp_path / "report/report.html").as_uri())
    seen(browser, WIDE)
    text = browser.find_element("tag name", "body").text
    assert "suite mini" in text
    for category in ("Page", "Tables", "Figures", "Charts"):
        assert category in text
    browser.find_element("xpath", "//*[text()='Tables']").click()
    text = browser.find_element("tag name", "body").text
    assert "table3" in text and "tex" in text
    assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []
