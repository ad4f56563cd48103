"""The order and the groups of all tests, for several workers: pytest -n 2 --dist loadgroup --no-loadscope-reorder.

And what a test leaves behind.
"""

import functools
import shutil
from pathlib import Path

import pytest
import real_lists
from hypothesis import settings

FAILED = pytest.StashKey[bool]()
settings.register_profile("patient", settings.default, deadline=None)  # a busy machine breaks no statement
settings.load_profile("patient")
LONGEST_FIRST = ("gpu", "slurm", "workflow", "scale", "tracking", "golden", "unit", "oracle")


@pytest.hookimpl(tryfirst=True)  # pytest-xdist reads the groups in the same hook
def pytest_collection_modifyitems(items):
    """The tests of a file that makes something for all of them go to one worker, which makes it once.

    They come first, and the shortest single tests last, so that the workers end together.
    """
    here = Path(__file__).parent
    items.sort(key=lambda item: (not _shares(item.path), LONGEST_FIRST.index(item.path.relative_to(here).parts[0])))
    for item in items:
        if _shares(item.path) and item.path.parent != here / "slurm":  # all of which is one group already
            item.add_marker(pytest.mark.xdist_group(item.path.stem))


def pytest_ignore_collect(collection_path, config):
    """Of `-m component` (or another mark alone) only files that name it are read: importing all takes longest."""
    mark = config.option.markexpr
    if not (mark.isidentifier() and collection_path.name.startswith("test_") and collection_path.suffix == ".py"):
        return None
    said = [collection_path, collection_path.with_name("conftest.py")]  # a folder's may mark all of its tests
    return None if any(file.is_file() and f"mark.{mark}" in file.read_text(encoding="utf-8") for file in said) else True


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item):
    """Files of a test that did not fail go with it: those of all need gigabytes.

    Their folder stays, so that no later test gets the same path: MLflow keeps connections to a file by its path.
    """
    try:
        return (yield)
    finally:
        folder = getattr(item, "funcargs", {}).get("tmp_path")
        if folder and folder.is_dir() and not item.stash.get(FAILED, False):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(exist_ok=True)


@pytest.fixture(scope="session")
def published_lists(tmp_path_factory):
    """A folder with the split and class lists that the paper's datasets were published with."""
    return real_lists.unpack(tmp_path_factory.mktemp("published_lists"))


@functools.cache
def _shares(file: Path) -> bool:
    return 'fixture(scope="module"' in file.read_text(encoding="utf-8")
