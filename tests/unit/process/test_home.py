"""A home folder that cannot be written, and a long temporary folder, keep nothing from working."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tcclip.process.home import move_caches
from tcclip.process.sockets import LONGEST, short_name

ROOT = Path(__file__).parents[3]
CACHES = ("XDG_CACHE_HOME", "MPLCONFIGDIR")


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in (*CACHES, "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, "to be restored")
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def moved() -> dict[str, str]:
    move_caches()
    return {name: os.environ[name] for name in CACHES if name in os.environ}


@pytest.mark.parametrize("home", ["/proc/nobody", "/sys", "/dev/null", "/dev/null/home"])
def test_caches_go_into_the_checkout_where_the_home_cannot_be_written(home, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", home)
    cache = str(tmp_path / ".snakemake/cache")
    assert moved() == {"XDG_CACHE_HOME": cache, "MPLCONFIGDIR": f"{cache}/matplotlib"}


def test_a_home_that_works_is_left_alone_and_what_a_person_has_named_too(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert moved() == {}
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    monkeypatch.setenv("MPLCONFIGDIR", "/sys")
    assert moved() == {"XDG_CACHE_HOME": str(tmp_path / "caches"), "MPLCONFIGDIR": "/sys"}


def test_a_cache_of_snakemake_that_is_no_folder_is_moved(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".cache").mkdir()
    (tmp_path / ".cache/snakemake").write_text("")
    assert list(moved()) == ["XDG_CACHE_HOME"]


def test_snakemake_plans_and_a_command_runs_without_a_home(tmp_path):
    environment = {**os.environ, "HOME": "/proc/nobody", "PYTHONPATH": str(ROOT)}
    for name in CACHES:
        environment.pop(name, None)
    for part in ("Snakefile", "workflow", "profiles", "params", "slurm"):
        (tmp_path / part).symlink_to(ROOT / part)
    scripts = Path(sys.executable).parent
    environment["PATH"] = f"{scripts}:{environment['PATH']}"
    done = subprocess.run(
        ["snakemake", "-n", "table3"], cwd=tmp_path, env=environment, text=True, capture_output=True, timeout=120
    )
    assert done.returncode == 0 and "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
    assert (tmp_path / ".snakemake/cache/snakemake").is_dir()


@pytest.fixture
def long(tmp_path: Path) -> Path:
    folder = tmp_path / ("a" * 60) / ("b" * 60)
    folder.mkdir(parents=True)
    return folder


def test_a_socket_in_a_long_folder_has_a_short_name_of_the_same_place(long):
    (long / "warm").touch()
    with short_name(long / "warm") as name:
        assert len(name) < LONGEST < len(str(long / "warm")) and Path(name).samefile(long / "warm")
    with short_name(Path("/tmp/warm")) as name:
        assert name == "/tmp/warm"


WORKERS = """
import torch
from tcclip.training.batches import load
class Clips:
    def __getitem__(self, sample):
        return torch.full((2, 3), sample[1]), sample[1], str(sample[1])
    def __len__(self):
        return 4
batches = load(Clips(), iter([[(0, 0), (0, 1)], [(0, 2), (0, 3)]]), 2, torch.device("cpu"))
print([batch.labels.tolist() for batch in batches])
"""


def test_loader_workers_hand_over_clips_below_a_long_temporary_folder(long):
    environment = {**os.environ, "TMPDIR": str(long), "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", WORKERS], env=environment, text=True, capture_output=True, timeout=100)
    assert done.stdout == "[[0, 1], [2, 3]]\n", done.stderr
