"""Fixtures: a finished throw-away project, and copies of it that a test may break."""

import shutil
import sys
from pathlib import Path

import pytest
from projects import Project, new_project

sys.path.append(str(Path(__file__).parents[1] / "unit"))  # its makers of archives, servers and videos serve here too


def pytest_collection_modifyitems(items):
    """All of this folder in one worker: they share the finished project."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("workflow"))


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Project:
    """A project whose tables were made once; tests copy it before they change anything."""
    project = new_project(tmp_path_factory.mktemp("project"))
    project.snakemake("tables")
    return project


@pytest.fixture
def project(finished, tmp_path) -> Project:
    """A copy of the finished project, times kept, that a test may break."""
    copy = tmp_path / "project"
    shutil.copytree(finished.folder, copy, symlinks=True)
    return Project(copy)
