"""Downloads in the DAG: planned without the network, fetched by a rule that a person can type."""

import functools
import sys
import threading
import time
from http.server import HTTPServer, SimpleHTTPRequestHandler

import pytest
from projects import Project, new_project

ENOUGH_S = 90  # 30 on a quiet machine with all tables; this one may be busy
NO_NETWORK = """
import socket


def refuse(*arguments, **options):
    raise OSError("no network while the DAG is built")


socket.socket.connect = socket.socket.connect_ex = socket.create_connection = socket.getaddrinfo = refuse
"""


@pytest.fixture
def fresh(tmp_path) -> Project:
    return new_project(tmp_path / "fresh")


def test_the_paper_suite_is_planned_without_the_network(fresh):
    (fresh.folder / "sitecustomize.py").write_text(NO_NETWORK)
    tried = "import socket; socket.create_connection(('127.0.0.1', 9))"
    assert "no network while the DAG is built" in fresh.run(sys.executable, "-c", tried, check=False).stdout
    started = time.monotonic()
    jobs = fresh.jobs("tables", "--config", "suite=paper")
    assert time.monotonic() - started < ENOUGH_S
    assert jobs["download"] == jobs["raw"] == 5


def test_a_table_fetches_the_datasets_of_its_own_runs_and_no_other(fresh):
    jobs = fresh.jobs("table9c", "table10", "--config", "suite=paper")
    assert jobs["download"] == jobs["raw"] == 5  # together they have all
    jobs = fresh.jobs("table5", "--config", "suite=paper")
    assert jobs["download"] == jobs["raw"] == 1
    assert not any(name.startswith(("splits_", "texts_")) and not name.endswith("k400") for name in jobs)


@pytest.fixture
def web(tmp_path):
    """A folder, and the address under which a server of this machine shows it."""
    folder = tmp_path / "web"
    folder.mkdir()
    with HTTPServer(("127.0.0.1", 0), functools.partial(SimpleHTTPRequestHandler, directory=folder)) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield folder, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_the_rule_fetches_what_the_command_fetches_and_is_then_up_to_date(fresh, web):
    (fresh.folder / "params/split_files.csv").write_text("dataset,kind,repo,commit,path,bytes,rows,sha256,git_blob\n")
    target = ("data/downloads/ucf101/received.csv", "--config", "suite=paper")
    folder, address = web
    (folder / "train test.zip").write_bytes(b"PK\x03\x04 lists")
    url = f"{address}/train test.zip"

    def sources(content):
        content["sources"]["files"] = [{"name": "lists.zip", "urls": [url], "into": "lists"}]
        content["lists"] = "official"

    fresh.edit("params/datasets/ucf101.yaml", sources)
    fresh.snakemake(*target)
    received = fresh.folder / "data/downloads/ucf101/lists.zip"
    assert received.read_bytes() == b"PK\x03\x04 lists"
    assert fresh.jobs(*target) == {}
    assert "0 of them fetched now" in fresh.run("tcclip", "download", "ucf101").stdout
    received.unlink()
    (folder / "train test.zip").unlink()
    said = fresh.run("tcclip", "download", "ucf101", check=False)
    assert said.returncode == 1 and said.stdout.splitlines()[-1].startswith(
        f"Error: download of ucf101: ucf101 is not complete: lists.zip could not be fetched ({url}: 404 "
    )
