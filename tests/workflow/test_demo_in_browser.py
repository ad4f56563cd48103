"""`tcclip demo` in Chromium: a video is dropped, names are typed, the answer is read; afterwards nothing is left.

Gradio is found where `make test-components` installs it, beside the other packages.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import psutil
import pytest
import requests
from browser import LOAD_SECONDS, chromium, need_chromium
from ports import free_port
from servers import process, wait_for
from small_videos import write_video
from tiny_source import source_of, subject_of, tiny
from tiny_world import CLASSES, make_world

import tcclip
from tcclip.mini.cameras import ROLES
from tcclip.mini.encode import MP4, encode
from tcclip.mini.scenes import named_clip, stream
from tcclip.prediction.exporting import export

pytestmark = pytest.mark.component
# Whatever the page asks for elsewhere is not found, and told in the browser's log.
OFFLINE = "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"
LARGEST = 1  # MB
ROOT = Path(__file__).parents[2]
BESIDE = Path(sys.prefix) / "demo"


class Demo(NamedTuple):
    """A demo that runs."""

    address: str
    server: Any
    temporary: Path  # its temporary files are here


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny TC-CLIP that needs no checkout, and files beside it."""
    if not (find_spec("gradio") or (BESIDE / "gradio").is_dir()):
        pytest.skip("Gradio is not installed (make test-components installs it)")
    need_chromium()
    folder = tmp_path_factory.mktemp("demo")
    world = make_world(folder / "world")
    export(source_of(world, subject_of(world, tiny("tc_clip"))), folder / "model")
    write_video(folder / "drawer.mp4", frames=20)
    scene = named_clip("RedStar", ROLES["ucf101"].camera, stream(3), stream(4))
    encode(folder / "generated.mp4", scene.frames(), 10, MP4)  # as the mini suite's videos are made
    (folder / "page.mp4").write_bytes(b"<html>")
    (folder / "large.mp4").write_bytes(bytes(2 * LARGEST * 1024**2))
    return folder


@contextlib.contextmanager
def demo(exported: Path, temporary: Path) -> Iterator[Demo]:
    """`tcclip demo` as a person starts it, away from a checkout."""
    temporary.mkdir()
    port, log = free_port(), exported / "demo.log"
    command = [sys.executable, "-m", "tcclip.cli.app", "demo", str(exported / "model")]
    command += ["--port", str(port), "--largest", str(LARGEST)]
    path = os.pathsep.join(map(str, (BESIDE, ROOT)))
    with process(command, log, PYTHONPATH=path, TMPDIR=str(temporary), OMP_NUM_THREADS="1") as server:
        wait_for(f"http://127.0.0.1:{port}/", server, log)
        yield Demo(f"http://127.0.0.1:{port}", server, temporary)


@pytest.fixture(scope="module")
def running(exported: Path) -> Iterator[Demo]:
    with demo(exported, exported / "temporary") as started:
        yield started
    assert started.server.returncode == 0
    assert list(started.temporary.iterdir()) == []


@pytest.fixture(scope="module")
def browser(running: Demo) -> Iterator[Any]:
    with chromium(OFFLINE) as driver:
        driver.get(running.address)
        wait(driver, "#predict")
        yield driver


def wait(browser: Any, selector: str) -> Any:
    """The first element that is seen."""
    from selenium.webdriver.support.expected_conditions import visibility_of_element_located
    from selenium.webdriver.support.ui import WebDriverWait

    return WebDriverWait(browser, LOAD_SECONDS).until(visibility_of_element_located(("css selector", selector)))


def until(browser: Any, condition: Any) -> Any:
    from selenium.common.exceptions import StaleElementReferenceException
    from selenium.webdriver.support.ui import WebDriverWait

    ignored = [StaleElementReferenceException]  # the page draws its answer anew while it is being read
    return WebDriverWait(browser, LOAD_SECONDS, ignored_exceptions=ignored).until(condition)


def drop(browser: Any, file: Path) -> None:
    """Drop a file on the place for videos, as from a window beside the browser's."""
    for button in browser.find_elements("css selector", "#video button[aria-label*='lear']"):
        button.click()
    place = wait(browser, "#video button").rect
    point = {"x": place["x"] + place["width"] / 2, "y": place["y"] + place["height"] / 2}
    data = {"items": [], "files": [str(file)], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        browser.execute_cdp_cmd("Input.dispatchDragEvent", {"type": kind, **point, "data": data})


def ask(browser: Any, file: Path, names: str) -> None:
    drop(browser, file)
    until(browser, lambda b: file.stem in b.find_element("css selector", "#video").text)
    box = browser.find_element("css selector", "#names textarea")
    box.clear()
    box.send_keys(names)
    browser.find_element("css selector", "#predict").click()


def said(browser: Any) -> str:
    return str(browser.find_element("css selector", "#said").text)


def width(browser: Any, image: str) -> int:
    """Pixels of an image's own; 0 where there is none or it has not arrived."""
    found = browser.find_elements("css selector", image)
    return int(browser.execute_script("return arguments[0].naturalWidth", found[0])) if found else 0


def test_a_dropped_video_is_answered_with_classes_attention_and_context_tokens(running, browser, exported):
    ask(browser, exported / "drawer.mp4", "opening a drawer, pouring water")
    for name in ("attention", "tokens"):  # a picture that has not arrived has no width
        assert until(browser, lambda b, name=name: width(b, f"#{name} img")) > 300
    best = browser.find_element("css selector", "#best").text
    assert "opening a drawer" in best and "pouring water" in best and "%" in best
    until(browser, lambda b: said(b) == "")


def test_of_a_video_as_the_mini_suites_it_says_what_the_model_says_in_python(browser, exported):
    ask(browser, exported / "generated.mp4", ", ".join(CLASSES))
    until(browser, lambda b: said(b) == "" and CLASSES[0] in b.find_element("css selector", "#best").text)
    best = browser.find_element("css selector", "#best").text
    (found,) = tcclip.load(exported / "model", device="cpu").predict(exported / "generated.mp4", list(CLASSES))
    assert best.index(found.classes[0]) < best.index(found.classes[1]) < best.index(found.classes[2])
    for share in found.probabilities:
        assert f"{100 * share:.0f}%" in best


def test_what_is_no_video_is_a_sentence(browser, exported):
    ask(browser, exported / "page.mp4", ", ".join(CLASSES))
    until(browser, lambda b: said(b).startswith("page.mp4 is no video that can be read: "))
    assert "tcclip-demo-" not in said(browser)
    assert not any(seen.is_displayed() for seen in browser.find_elements("css selector", "#best, #attention, #tokens"))


def test_a_file_that_is_too_large_is_refused(browser, exported):
    drop(browser, exported / "large.mp4")
    until(browser, lambda b: "maximum" in b.find_element("css selector", "body").text.lower())


def test_the_page_asks_for_nothing_elsewhere(running, browser):
    script = "return performance.getEntriesByType('resource').map(entry => entry.name)"
    asked = browser.execute_script(script)
    assert len(asked) > 5 and [name for name in asked if not name.startswith((running.address, "data:", "blob:"))] == []
    refused = [line["message"] for line in browser.get_log("browser") if "Content Security Policy" in line["message"]]
    assert refused == []


def test_it_is_for_this_machine_alone(running):
    server = psutil.Process(running.server.pid)
    family = [server, *server.children(recursive=True)]
    listening = [c.laddr for p in family for c in p.net_connections("inet") if c.status == psutil.CONN_LISTEN]
    assert {(place.ip, place.port) for place in listening} == {("127.0.0.1", int(running.address.rpartition(":")[2]))}
    assert requests.get(running.address, headers={"Host": "elsewhere.example"}, timeout=20).status_code == 400


def test_after_ctrl_c_no_uploaded_file_is_left(exported):
    with demo(exported, exported / "interrupted") as started:
        with open(exported / "drawer.mp4", "rb") as file:
            answer = requests.post(f"{started.address}/gradio_api/upload", files={"files": file}, timeout=20)
        (stored,) = answer.json()
        assert Path(stored).is_relative_to(started.temporary) and Path(stored).is_file()
        started.server.send_signal(signal.SIGINT)
        started.server.wait(60)
    assert list(started.temporary.iterdir()) == []
