"""An MLflow store that is away, hangs, wants a password or is another program is told in one sentence, soon."""

from __future__ import annotations

import contextlib
import http.server
import json
import sqlite3
import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace
from unittest.mock import MagicMock

import pytest
import requests
from ports import free_port

from tcclip.errors import UserError
from tcclip.plan import load_plan
from tcclip.process.files import write_json
from tcclip.tracking import question, store
from tcclip.tracking.address import VARIABLE
from tcclip.tracking.loader import load_runs
from tcclip.workflow import starting

PAGE = "<html>\nWelcome\n</html>"
ABSENT = json.dumps({"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "Could not find experiment"})
FOUND = json.dumps({"experiment": {"experiment_id": "1"}})


class Server(http.server.ThreadingHTTPServer):
    """Answers every question alike."""

    daemon_threads = True

    def __init__(
        self, code: int, body: str = PAGE, seconds: float = 0.0, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.code, self.body, self.seconds, self.headers = code, body.encode(), seconds, headers or {}
        self.asked = 0
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Answer(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        server, moved = self.server, self.server.headers.get("Location") and not self.path.startswith("/moved")
        server.asked += 1
        self.send_response(server.code if moved or not server.headers.get("Location") else 404)
        kind = "application/json" if server.body.startswith(b"{") else "text/html"
        for name, value in {"Content-Type": kind, "Content-Length": str(len(server.body)), **server.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        with contextlib.suppress(OSError):  # who asked did not wait for all of it
            for byte in server.body:
                time.sleep(server.seconds)
                self.wfile.write(bytes([byte]))

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def served(request: pytest.FixtureRequest) -> Iterator[Server]:
    server = Server(*request.param) if isinstance(request.param, tuple) else Server(**request.param)
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def nobody_asks_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("USERNAME", "PASSWORD", "TOKEN", "AUTH", "AWS_SIGV4"):
        monkeypatch.delenv(f"MLFLOW_TRACKING_{name}", raising=False)


@pytest.mark.parametrize("served", [(200, FOUND), (404, ABSENT)], indirect=True)
def test_a_server_that_has_the_suites_experiment_or_not_yet_is_no_trouble(served):
    assert question.trouble(served.address) is None and served.asked == 1


@pytest.mark.parametrize(
    ("served", "said"),
    [
        ((200, PAGE), "answers 200 OK with a page that is not MLflow's: a proxy, or another program"),
        ((200, "[1]"), "answers 200 OK with a page that is not MLflow's"),
        ((404, PAGE), "answers 404 Not Found with a page that is not MLflow's"),
        (
            (401, PAGE),
            "asks for a user and a password (401 Unauthorized; MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_",
        ),
        ((403, json.dumps({"error_code": "PERMISSION_DENIED"})), "asks for a user and a password (403 Forbidden; "),
        ((407, PAGE), "cannot be reached through the proxy of HTTP_PROXY, which asks for a password (407"),
        ((429, PAGE), "answers 429 Too Many Requests: it, or what stands before it, is not ready"),
        ((502, PAGE), "answers 502 Bad Gateway: it, or what stands before it, is not ready"),
        ((503, json.dumps({"error_code": "TEMPORARILY_UNAVAILABLE"})), "answers 503 Service Unavailable"),
        (
            (302, "", 0.0, {"Location": "/moved/login?next=secret"}),
            "sends on to /moved/login, which is then what MLFLOW",
        ),
        ((200, PAGE * 9, 0.2), "has not answered within 1 s"),  # it drips in
        ((200, PAGE, 30.0), "has not answered within 1 s"),
    ],
    indirect=["served"],
)
def test_what_is_no_server_that_can_be_used_is_told_with_its_address_and_why(served, said, monkeypatch):
    if "not answered" in said:
        monkeypatch.setattr(question, "ANSWER_SECONDS", 1.0)
    started = time.monotonic()
    text = question.trouble(served.address)
    assert (
        text
        and text.startswith(f"MLflow's server {served.address} {said}")
        and "\n" not in text
        and "secret" not in text
    )
    assert time.monotonic() - started < 20 and served.asked <= 2


def test_a_password_that_is_not_accepted_is_told_otherwise_than_one_that_is_missing(monkeypatch):
    server = Server(401)
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "ann")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "secret")
    said = question.trouble(server.address) or ""
    assert "does not accept the user and password given" in said and "secret" not in said
    monkeypatch.setenv("MLFLOW_TRACKING_AUTH", "a-plugin")  # of the library, which knows more ways than this question
    assert question.trouble(server.address) is None
    server.shutdown()


def test_nobody_at_an_address_is_told_at_once(monkeypatch):
    address = f"http://127.0.0.1:{free_port()}"
    assert question.trouble(address) == f"MLflow's server {address} cannot be reached (Connection refused)"
    assert "No host supplied" in (question.trouble("http://") or "")
    monkeypatch.setenv("HTTP_PROXY", address)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert "through the proxy of HTTP_PROXY" in (question.trouble("http://mlflow.example:5000") or "")


def test_a_proxy_that_answers_for_a_server_is_named(monkeypatch):
    server = Server(502)
    monkeypatch.setenv("HTTP_PROXY", server.address)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    said = question.trouble("http://mlflow.example:5000") or ""
    assert "answers 502 Bad Gateway" in said and "the proxy of HTTP_PROXY; NO_PROXY names what needs none" in said
    server.shutdown()


@pytest.mark.parametrize("uri", ["file:///tmp/x", "./mlruns", "databricks", "sqlite://"])
def test_what_is_no_store_is_told_with_what_is_expected(uri):
    said = question.trouble(uri) or ""
    assert said.startswith(f"MLFLOW_TRACKING_URI is '{uri}', ") and "expected " in said and "sqlite:///FILE" in said


def test_an_address_that_cannot_be_read_is_a_sentence(monkeypatch):
    monkeypatch.setenv(VARIABLE, "http://[::1")
    with pytest.raises(UserError, match=r"MLFLOW_TRACKING_URI is no address .*`unset MLFLOW_TRACKING_URI`"):
        question.check("")


@pytest.fixture
def locked(tmp_path, monkeypatch) -> Iterator[sqlite3.Connection]:
    """A suite's store that another process writes into."""
    monkeypatch.setattr(question, "CONNECT_SECONDS", 0.2)
    monkeypatch.delenv(VARIABLE, raising=False)
    connection = sqlite3.connect(tmp_path / "mlflow.db")
    connection.execute("create table experiments (name)")
    connection.execute("begin immediate")
    yield connection
    connection.close()


def test_a_locked_file_is_told_and_free_again_is_no_trouble(locked, tmp_path):
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    assert (
        question.trouble(uri) == f"MLflow's store {tmp_path}/mlflow.db is locked by another process that writes into it"
    )
    locked.rollback()
    assert question.trouble(uri) is None


def test_a_file_that_is_no_database_is_told_with_how_to_build_it_again(tmp_path):
    path = tmp_path / "it's.db"
    path.write_text("a text that is no database, and long enough to be one" * 20)
    assert "cannot be written: file is not a database (after `rm '" in (question.trouble(f"sqlite:///{path}") or "")
    assert question.trouble(f"sqlite:///{tmp_path}/new.db") is None and not (tmp_path / "new.db").exists()
    assert "the folder of MLflow's store" in (question.trouble("sqlite:////nowhere/at/all.db") or "")


def test_a_store_that_does_not_answer_stops_the_making_of_stores_only_where_that_is_asked(
    locked, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="is locked by another process"):
        store.create_store()
    assert not store.was_away()
    assert "is locked" in store.create_store(later=True)
    assert store.was_away()


def test_runs_are_complete_without_a_server_and_the_sentence_says_what_loads_them(tmp_path, monkeypatch):
    plan = load_plan("mini")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(VARIABLE, f"http://127.0.0.1:{free_port()}")
    with pytest.raises(
        UserError, match=r"has no evaluation of its weights: 'snakemake mlflow --config suite=mini' makes"
    ):
        load_runs(plan)  # what is missing comes first
    for run in plan.runs:
        (tmp_path / "runs/mini" / run).mkdir(parents=True)
        write_json(tmp_path / "runs/mini" / run / "metrics.json", {"evaluations": {"hmdb51-test1-2x1": {}}})
    with pytest.raises(UserError) as error:
        load_runs(plan)
    said = str(error.value)
    assert "cannot be reached (Connection refused): the runs in runs/mini and the tables in reports/mini/tables" in said
    assert "are complete; `snakemake mlflow --config suite=mini` loads them when it answers" in said
    assert said.endswith(
        "or `env -u MLFLOW_TRACKING_URI snakemake mlflow --config suite=mini` loads them into mlflow.db"
    )


@pytest.mark.parametrize(
    "error", [requests.ConnectionError("[Errno 111] Connection refused"), sqlite3.OperationalError("x")]
)
def test_a_store_that_fails_on_the_way_is_a_sentence_and_a_mistake_of_the_program_is_none(error, monkeypatch):
    monkeypatch.setattr(question, "trouble", lambda uri: None)
    with pytest.raises(UserError, match=r"MLflow's store .* failed .*: the rest"), question.telling("the rest"):
        raise error
    with pytest.raises(KeyError), question.telling("the rest"):
        raise KeyError("of the program")


def test_snakemake_asks_once_before_its_jobs_and_goes_on(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(VARIABLE, f"http://127.0.0.1:{free_port()}")
    monkeypatch.setattr(starting.subprocess, "run", lambda *_, **__: pytest.fail("the store was made"))
    workflow = SimpleNamespace(local_exec=False, scheduler=MagicMock())
    starting.start(load_plan("mini"), workflow)
    (line,) = capsys.readouterr().err.splitlines()
    assert (
        line.startswith("Warning: MLflow's server http://127.0.0.1:")
        and "(Connection refused): runs and tables" in line
    )
    assert "are made all the same, and `snakemake mlflow --config suite=mini` loads them when it answers" in line
