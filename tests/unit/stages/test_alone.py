"""A stage that a person types before its inputs are there says which is missing and the command that makes it."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import preloaded
import pytest

ROOT = Path(__file__).parents[3]
RUN = "few_shot-ucf101-k2-tc_clip-s1024"


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return preloaded.run(command, folder, {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)})


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """A checkout in which nothing was made."""
    for part in ("Snakefile", "workflow", "profiles", "params", "slurm"):
        (tmp_path / part).symlink_to(ROOT / part)
    return tmp_path


@pytest.mark.parametrize(
    ("command", "missing"),
    [
        (("tokens",), "data/splits/mini_k400/classes/all.csv"),
        (("report",), "reports/mini/tables/table1.csv"),
        (("figure", "figure1"), "data/backbones/mini_clip/weights.safetensors"),
        (("frames-index", "mini_ucf101"), "data/frames/mini_ucf101/shard-0000.parquet"),
        (("train", RUN), "data/splits/mini_ucf101/classes/all.csv"),
    ],
)
def test_a_stage_without_its_inputs_is_one_sentence_with_a_command_that_makes_them(empty, command, missing):
    done = run(empty, "tcclip", *command)
    (said,) = done.stdout.splitlines()
    assert done.returncode == 1 and re.match(rf"Error: .*: {re.escape(missing)} is not there", said)
    cure = shlex.split(re.search("`(.*?)`", said)[1])
    if cure[0] == "snakemake":
        assert "This was a dry-run" in run(empty, *cure, "-n").stdout
    else:
        assert cure in (["tcclip", "frames", "mini_ucf101", "0"], ["tcclip", "splits", "mini_ucf101"])


def test_a_training_without_frames_names_the_files_that_are_not_there_of_its_dataset_alone(empty):
    classes = empty / "data/splits/mini_ucf101/classes/all.csv"
    classes.parent.mkdir(parents=True)
    classes.write_text("label,name\n0,one\n")
    said = run(empty, "tcclip", "train", RUN).stdout
    (cure,) = re.findall("`(snakemake .*?)` makes what is missing", said)
    assert "data/frames/mini_ucf101/index.parquet" in cure and "data/backbones/mini_clip/weights.safetensors" in cure
    assert {re.sub(".*(mini_[a-z0-9]+).*", r"\1", word) for word in shlex.split(cure)[1:-2]} == {
        "mini_ucf101",
        "mini_clip",
    }
    assert "This was a dry-run" in run(empty, *shlex.split(cure), "-n").stdout
    assert "Traceback" not in said
