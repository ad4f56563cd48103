"""Tests of a GPU; `--gpu-device cpu` rehearses them, as far as a CPU has what they look at."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tcclip.process.runtime import deterministic


def pytest_addoption(parser: pytest.Parser) -> None:
    """Known where this folder is named on the command line."""
    parser.addoption("--gpu-device", choices=("cuda", "cpu"), default="cuda", help="cpu: a rehearsal")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All tests of this folder are marked."""
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.gpu)


@pytest.fixture(autouse=True)
def device(request: pytest.FixtureRequest) -> torch.device:
    """The device under test, with repeatable gradients, as a training has it."""
    name = request.config.getoption("--gpu-device", default="cuda")
    if name == "cuda" and not torch.cuda.is_available():
        pytest.skip("no GPU")
    deterministic(1, 0)
    return torch.device(name)


@pytest.fixture
def gpu(device: torch.device) -> torch.device:
    """For what a CPU has nothing of."""
    if device.type != "cuda":
        pytest.skip("a rehearsal has no GPU")
    return device
