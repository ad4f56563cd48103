"""What the tests of the warm server share."""

import subprocess
import sys
import time
from pathlib import Path

import pytest
from warm_server import OWNER


@pytest.fixture(scope="module")
def socket_path():
    """The socket of a server that serves."""
    owner = subprocess.Popen([sys.executable, "-c", OWNER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    path = Path(owner.stdout.readline().strip())
    yield path
    owner.communicate("", timeout=10)
    deadline = time.monotonic() + 10
    while path.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not path.parent.exists(), "the server ends after its owner"
