"""With a server that sees trainings, the store is made when Snakemake begins, before any of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tcclip.tracking import address
from tcclip.workflow import starting


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    called: list[list[str]] = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(starting.subprocess, "run", lambda command, check: called.append(command))
    return called


def test_a_server_gets_its_experiments_before_the_first_training(commands, monkeypatch):
    monkeypatch.setenv(address.VARIABLE, "http://127.0.0.1:5000")
    starting.make_store_first()
    assert commands == [["tcclip", "mlflow-store"]]


def test_a_store_that_is_there_is_not_made_again(commands, monkeypatch):
    monkeypatch.setenv(address.VARIABLE, "http://127.0.0.1:5000")
    address.STAMP.parent.mkdir()
    address.STAMP.touch()
    starting.make_store_first()
    assert commands == []


def test_without_a_server_runs_are_loaded_afterwards_and_nothing_is_needed_before(commands, monkeypatch):
    monkeypatch.delenv(address.VARIABLE, raising=False)
    starting.make_store_first()
    assert commands == []
