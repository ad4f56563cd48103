"""The mark of this folder's tests, and fixtures: a finished throw-away project, and copies that a test may break."""

import fcntl
import shutil
import sys
from pathlib import Path

import pytest
from projects import Project, new_project

sys.path.append(str(Path(__file__).parents[1] / "helpers"))  # its makers of archives, servers and videos serve here too


@pytest.hookimpl(tryfirst=True)  # before tests are chosen by their marks
def pytest_collection_modifyitems(items):
    """Tests of this folder are of whole projects, but for those with a mark of their own."""
    others = {"slow", "component", "gpu"}
    for item in items:
        if item.path.parent == Path(__file__).parent and not others & {mark.name for mark in item.iter_markers()}:
            item.add_marker(pytest.mark.project)


@pytest.fixture(scope="session")
def finished(tmp_path_factory, worker_id) -> Project:
    """A project whose tables the first worker that asks makes; tests copy it before they change anything."""
    mine = tmp_path_factory.getbasetemp()
    folder = (mine if worker_id == "master" else mine.parent) / "finished"
    made = folder.with_suffix(".made")
    with open(folder.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            new_project(folder).snakemake("tables")
            made.touch()
    return Project(folder)


@pytest.fixture
def project(finished, tmp_path) -> Project:
    """A copy of the finished project, times kept, that a test may break."""
    copy = tmp_path / "project"
    shutil.copytree(finished.folder, copy, symlinks=True)
    return Project(copy)
