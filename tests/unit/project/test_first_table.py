"""`make tables` shows a table, its figure and the page before it goes on with the rest."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tcclip.params import load_suite
from tcclip.plan import load_plan, plan_of

ROOT = Path(__file__).parents[3]
SCRIPT = '#!/bin/sh\necho "$(basename $0) $*" >>said\n'


PLAN = 'echo "Wall time: 21 min when the job starts first that has"\n'


def make(folder, *arguments, without="", path=os.environ["PATH"]):
    """`make tables` in a folder whose programs only say how they were called, and what they said.

    `without` is a key that its suite has not got.
    """
    (folder / "params/suites").mkdir(parents=True)
    suite = (ROOT / "params/suites/mini.yaml").read_text(encoding="utf-8")
    (folder / "params/suites/mini.yaml").write_text(suite.replace(f"\n{without}:", "\n# ") if without else suite)
    (folder / "venv/bin").mkdir(parents=True, exist_ok=True)
    for name in ("python", "snakemake", "tcclip"):
        (folder / "venv/bin" / name).write_text(SCRIPT + (PLAN if name == "tcclip" else ""))
        (folder / "venv/bin" / name).chmod(0o755)
    for name in ("requirements.lock", "pyproject.toml", ".installed", "said"):
        (folder / name).write_text("")
    shutil.copy(ROOT / "Makefile", folder)
    (folder / "workflow").mkdir()
    shutil.copy(ROOT / "workflow/make_tables.sh", folder / "workflow")
    command = ("make", "tables", "VENV=venv", "INSTALLED=.installed", *arguments)
    environment = {**os.environ, "PATH": path}
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, env=environment)
    return done, [line for line in (folder / "said").read_text().splitlines() if not line.startswith("python")]


def said(folder, *arguments, without=""):
    """What it calls."""
    return make(folder, *arguments, without=without)[1]


def test_a_page_with_one_table_comes_first(tmp_path):
    done, calls = make(tmp_path)
    assert "  21 min of trainings and tests" in done.stdout and "source .venv/bin/activate" in done.stdout
    assert calls == [
        "tcclip plan --suite mini",
        "snakemake first_look frames --config suite=mini",
        "snakemake tables --config suite=mini",
    ]


def test_where_there_is_a_page_nothing_comes_before_the_tables(tmp_path):
    (tmp_path / "reports/mini").mkdir(parents=True)
    (tmp_path / "reports/mini/index.html").touch()
    assert said(tmp_path) == ["snakemake tables --config suite=mini"]


def test_a_suite_of_days_begins_as_it_is(tmp_path):
    assert said(tmp_path, "SUITE=paper") == ["tcclip plan --suite paper", "snakemake tables --config suite=paper"]


def test_a_suite_without_a_first_look_begins_with_all(tmp_path):
    assert said(tmp_path, without="first_look") == ["tcclip plan --suite mini", "snakemake tables --config suite=mini"]


@pytest.mark.parametrize(
    "flock, words",
    [
        ("", "Warning: flock is not there"),
        ("#!/bin/sh\nexit 1\n", "Warning: this file system has no locks"),
    ],
)
def test_where_two_cannot_be_kept_apart_it_says_so_and_goes_on(tmp_path, flock, words):
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("make", "sh", "env", "grep", "sed", "basename"):
        (tools / name).symlink_to(shutil.which(name))
    if flock:
        (tools / "flock").write_text(flock)
        (tools / "flock").chmod(0o755)
    done, calls = make(tmp_path, path=str(tools))
    assert words in done.stderr
    assert calls[-1] == "snakemake tables --config suite=mini"


def test_the_first_look_is_at_the_papers_own_rows():
    plan = load_plan("mini")
    assert {plan.run(run).method for run in plan.first_look} == {"vifi_clip", "tc_clip"}
    assert {*plan.first_look} < {*plan.runs_of("table3")}
    assert {plan.run(run).role for run in plan.first_look} == {"hmdb51", "ucf101", "ssv2"}  # it waits for these


def test_a_suite_that_has_lost_the_table_has_nothing_to_show_first():
    suite = load_suite("mini").model_copy(update={"tables": ["table5"]})
    assert plan_of(suite).first_look == []
