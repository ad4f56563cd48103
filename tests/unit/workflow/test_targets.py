"""A mistyped target ends Snakemake with the nearest one; a value of another option is no target."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SNAKEFILE = """
from tcclip.plan import load_plan
from tcclip.workflow.starting import look_first

for name in ("tables", "table3", "texts"):

    rule:
        name: name
        output: f"{name}.txt"
        shell: "touch {output}"

look_first(workflow, load_plan("mini"))
"""


@pytest.fixture
def asked(tmp_path):
    """What Snakemake answers to arguments: its exit status and its lines."""
    (tmp_path / "tests").mkdir()
    (tmp_path / "table").mkdir()
    (tmp_path / "table" / "config.yaml").write_text("cores: 1")
    (tmp_path / "Snakefile").write_text(SNAKEFILE)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}

    def answer(*arguments):
        command = [sys.executable, "-m", "snakemake", *arguments]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
        return done.returncode, (done.stdout + done.stderr).splitlines()

    return answer


@pytest.mark.parametrize("arguments", [["-n", "tabel3"], ["tabel3", "--cores", "1"], ["tabel3", "--rulegraph"]])
def test_a_mistyped_target_ends_it_with_the_nearest_one(asked, arguments):
    code, said = asked(*arguments)
    assert code == 1 and said[-1] == "Error: unknown target 'tabel3': did you mean 'table3'?"


def test_a_file_of_a_run_that_there_is_not_ends_it_with_the_nearest_run(asked):
    code, said = asked("-n", "runs/mini/few_shot-hmdb51-k3-tc_clip-s1024/metrics.json")
    assert code == 1 and said[-1].startswith(
        "Error: unknown run 'few_shot-hmdb51-k3-tc_clip-s1024': did you mean 'few_"
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ["-n", "--directory", "tests", "--", "tables"],
        ["-n", "--workflow-profile", "table", "tables"],
        ["--lint", "text"],
        ["-n", "tables", "--until", "table3"],
    ],
)
def test_the_values_of_options_are_no_targets(asked, arguments):
    code, said = asked(*arguments)
    assert code == 0 or said[0].startswith("Lints for rule tables"), said  # these rules have no logs
