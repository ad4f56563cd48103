"""Makes `goldens` importable; memory of models at full size goes back to the system."""

import ctypes
import gc
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(autouse=True, scope="module")
def given_back():
    """Otherwise a worker keeps 2 GB to its end of what models and gradients took, because glibc gives back little."""
    yield
    gc.collect()
    if trim := getattr(ctypes.CDLL(None), "malloc_trim", None):
        trim(0)
