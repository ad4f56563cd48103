"""Fixtures: the cluster, and a project whose tables have one column and whose jobs it runs."""

import sys
import tempfile
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "workflow"))

from cluster import Cluster, why_not
from on_slurm import SlurmProject, small_project


@pytest.hookimpl(tryfirst=True)  # pytest-xdist reads the groups in the same hook
def pytest_collection_modifyitems(items):
    """All of this folder in one worker, marked: there is one Slurm."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("slurm"))
            item.add_marker(pytest.mark.component)


@pytest.fixture(scope="session")
def cluster():
    if reason := why_not():
        pytest.skip(reason)
    with tempfile.TemporaryDirectory(prefix="tcclip-slurm-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # pytest's own folders are private, and munge wants its socket to be reached by all
        cluster = Cluster(folder)
        try:
            cluster.start()
            yield cluster
        finally:
            cluster.stop()


@pytest.fixture(scope="session")
def made(cluster, tmp_path_factory) -> SlurmProject:
    """The small project; what is made in it is made through Slurm."""
    return small_project(tmp_path_factory.mktemp("project"))
