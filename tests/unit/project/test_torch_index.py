"""A machine without a GPU takes PyTorch from an index of its own, without CUDA's libraries."""

import contextlib
import functools
import os
import re
import shutil
import subprocess
import sys
import threading
import zipfile
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "small"
version = "1"
"""
BACKEND = """
import shutil
def build_editable(folder, *_):
    return shutil.copy("small-1-py3-none-any.whl", folder) and "small-1-py3-none-any.whl"
"""


def wheel(folder: Path, name: str, version: str) -> None:
    """A package that has nothing in it but its name."""
    folder.mkdir(parents=True, exist_ok=True)
    about = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as file:
        file.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        file.writestr(
            f"{about}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        file.writestr(f"{about}/RECORD", "")


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args) -> None:
        """Nothing on the screen."""


@contextlib.contextmanager
def index(folder: Path):
    """The address at which folders of packages are listed, as package indexes list them."""
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def pinned(name: str) -> str:
    return re.search(rf"^{name}==([\d.]+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE)[1]


@pytest.fixture
def checkout(tmp_path):
    """The real Makefile with a lock that has PyTorch as the real one, pip, and CUDA packages that are nowhere."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    shutil.copy(ROOT / "Makefile", folder)
    (folder / "params/suites").mkdir(parents=True)
    (folder / "params/suites/mini.yaml").write_text("")
    lines = [line for line in (ROOT / "requirements.lock").read_text().splitlines() if line.startswith("torch")]
    absent = ["nvidia-nowhere-cu13==1.0 ; sys_platform == 'linux'", "cuda-nowhere==1.0", "triton==0.0.1", "pip"]
    (folder / "requirements.lock").write_text("\n".join([*lines, *absent]) + "\n")
    (folder / "pyproject.toml").write_text(PROJECT)
    (folder / "backend.py").write_text(BACKEND)
    wheel(folder, "small", "1")
    return folder


def test_pytorch_comes_from_the_index_that_is_named_and_cuda_is_left_out_once_for_two_makes(checkout, tmp_path):
    versions = {name: f"{pinned(name)}+cpu" for name in ("torch", "torchvision")}
    for name, version in versions.items():
        wheel(tmp_path / "index" / name, name, version)
    with index(tmp_path / "index") as url:
        command = ["make", ".venv/.installed", f"TORCH_INDEX={url}", f"PYTHON={sys.executable}"]
        quiet = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "MAKE"))}
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        environment = quiet | {"PIP_NO_CACHE_DIR": "1"}
        both = [subprocess.Popen(command, cwd=checkout, env=environment, **options) for _ in range(2)]
        said = [make.communicate()[0] for make in both]
    assert [make.returncode for make in both] == [0, 0], said
    assert "".join(said).count("-m venv .venv") == 1, "the second found it made"
    listed = subprocess.run(
        [".venv/bin/python", "-m", "pip", "list", "--format=freeze"], cwd=checkout, capture_output=True, text=True
    )
    found = dict(line.split("==") for line in listed.stdout.splitlines() if "==" in line)
    assert {name: found.get(name) for name in versions} == versions
    assert not [name for name in found if re.match("nvidia|cuda|triton", name)]
