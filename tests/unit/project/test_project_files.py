"""The files around the program say the same thing: one version, one list of steps, one set of checks."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

import tcclip

ROOT = Path(__file__).parents[3]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def text(name):
    return (ROOT / name).read_text(encoding="utf-8")


def test_the_version_of_the_project_file_is_the_version_everywhere():
    assert tcclip.__version__ == PROJECT["version"]
    done = subprocess.run([sys.executable, "-m", "tcclip.cli.app", "--version"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, f"tcclip {PROJECT['version']}\n")


def test_the_version_is_not_looked_up_by_a_command_that_does_not_print_it():
    code = "import sys, tcclip.cli.start; sys.exit('importlib.metadata' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_the_newest_release_of_the_changelog_is_the_version():
    sections = re.findall(r"^## \[(.+?)\]", text("CHANGELOG.md"), re.MULTILINE)
    assert sections[:2] == ["Unreleased", PROJECT["version"]]


def test_the_workflow_file_has_the_steps_of_ci_run():
    script = text(".ci/run")
    commands = script[script.index('cd "$(dirname "$0")/.."') :].splitlines()[1:]
    (job,) = yaml.safe_load(text(".github/workflows/ci.yml"))["jobs"].values()
    steps = [step["run"] for step in job["steps"] if "run" in step]
    assert steps == [command for command in commands if command]
    targets = re.findall(r"^([a-z-]+):", text("Makefile"), re.MULTILINE)
    made = [word for step in steps if step.startswith("make ") for word in step.split()[1:] if not word.startswith("-")]
    assert made and set(made) <= set(targets)


def test_the_hooks_are_checks_of_make_lint_with_the_tools_of_the_environment():
    (source,) = yaml.safe_load(text(".pre-commit-config.yaml"))["repos"]
    assert source["repo"] == "local"
    recipe = re.search(r"^lint:.*\n((?:\t.*\n)+)", text("Makefile"), re.MULTILINE)[1]
    for hook in source["hooks"]:
        assert hook["language"] == "system"
        assert hook["entry"] in recipe, f"{hook['entry']} is no part of make lint"


@pytest.mark.parametrize("key", ["cff-version", "message", "title", "authors"])
def test_the_citation_has_what_its_format_demands(key):
    assert yaml.safe_load(text("CITATION.cff"))[key]


def test_the_citation_names_the_software_and_the_paper():
    citation = yaml.safe_load(text("CITATION.cff"))
    assert citation["type"] == "software" and citation["license"] == PROJECT["license"]
    (paper,) = citation["references"]
    assert paper["title"] == "Leveraging Temporal Contextualization for Video Action Recognition"
    assert [author["family-names"] for author in paper["authors"]] == ["Kim", "Han", "Kim", "Han"]


def test_no_command_that_is_told_gives_a_target_to_config():
    """snakemake --config takes every word that follows: `snakemake --config suite=mini mlflow` fails."""
    texts = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "tcclip").rglob("*.py"), ROOT / "Makefile"]
    told = {path.name: re.findall(r"--config suite=[^\s`']+ +(?!-)[\w{/].*", path.read_text("utf-8")) for path in texts}
    assert {name: lines for name, lines in told.items() if lines} == {}


def test_the_pictures_of_the_readme_are_small_and_have_words_for_those_who_do_not_see_them():
    shown = re.findall(r"!\[(.*?)\]\((docs/images/.+?)\)", text("README.md"))
    assert len(shown) == 3 and all(len(words) > 20 for words, _ in shown)
    assert all((ROOT / path).stat().st_size < 200_000 for _, path in shown)


def test_make_help_says_something_of_every_target():
    targets = re.search(r"^\.PHONY: (.*)", text("Makefile"), re.MULTILINE)[1].split()
    said = subprocess.run(
        ["make", "--no-print-directory", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert {line.split()[0] for line in said.splitlines()[1:]} == {*targets}
    assert all(len(line.split()) > 2 for line in said.splitlines()[1:])


def test_a_demo_without_a_run_says_how_one_is_named():
    done = subprocess.run(["make", "demo", "RUN="], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode and "make demo RUN=" in done.stdout


def test_the_set_up_alone_has_a_target():
    said = subprocess.run(["make", "-n", "-o", ".venv/.installed", "setup"], cwd=ROOT, capture_output=True, text=True)
    assert "source .venv/bin/activate" in said.stdout
