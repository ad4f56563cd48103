"""Tests that share what takes long to make run in one worker, which makes it once."""

import pytest


@pytest.fixture(scope="module")
def shared() -> None:
    """Of no use: it makes this file one of those whose tests share something."""


def test_the_tests_of_a_file_with_a_shared_fixture_are_a_group(shared, request: pytest.FixtureRequest) -> None:
    mine = [item for item in request.session.items if item.path == request.path]
    assert all(item.get_closest_marker("xdist_group") for item in mine)
    if getattr(request.config.option, "loadgroup", False):  # several workers: the id tells it
        assert all(item.nodeid.endswith("@test_shared_projects") for item in mine)
