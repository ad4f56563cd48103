"""A checkout of another user: git is asked all the same, and where it does not answer, a sentence says so."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from pathlib import Path

import pytest

from tcclip.errors import UserError
from tcclip.plan import load_plan
from tcclip.process import environment, git
from tcclip.provenance.clean_place import clean_place
from tcclip.provenance.reproduce import reproduce
from tcclip.reporting import cell_chain
from tcclip.workflow import starting

RUN = "few_shot-ssv2-k2-tc_clip-s1024"


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with one commit that another user owns, as git is made to believe."""
    folder = tmp_path / "it is one"
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    for words in ("init -q .", "add .", "-c user.name=a -c user.email=a@b commit -qm one"):
        folder.mkdir(exist_ok=True)
        (folder / "file.txt").write_text("one")
        subprocess.run(["git", *words.split()], cwd=folder, check=True)
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    monkeypatch.chdir(folder)
    refused = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True)
    assert "dubious ownership" in refused.stderr
    monkeypatch.setattr(environment, "__file__", str(folder / "module.py"))
    return folder


@pytest.fixture
def strict(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same with a git that cannot be told to answer, as before version 2.36."""
    monkeypatch.setattr(git, "TRUSTED", ())
    return checkout


def test_the_commit_of_a_checkout_of_another_user_is_recorded(checkout, capsys):
    state = environment.git_state()
    assert state and len(state["commit"]) == 40 and state == {"commit": state["commit"], "dirty": False}
    (checkout / "file.txt").write_text("two")
    assert environment.git_state() == {**state, "dirty": True}
    starting.tell_if_git_does_not_answer()
    assert capsys.readouterr().err == ""


def test_a_clean_place_is_made_from_a_checkout_of_another_user(checkout):
    commit = git.ask("rev-parse", "HEAD")
    (checkout / "file.txt").write_text("two")
    (checkout / "data").mkdir()
    with clean_place(commit) as place:
        assert (place.folder / "file.txt").read_text() == "one" and (place.folder / "data").is_symlink()
        assert git.ask("rev-parse", "HEAD", folder=place.folder) == commit
    with pytest.raises(UserError, match=r"commit 0{40} is not in this repository"), clean_place("0" * 40):
        pass


def test_where_git_does_not_answer_the_sentence_names_the_command_that_lets_it(strict, tmp_path, monkeypatch):
    with pytest.raises(git.GitError) as error:
        git.ask("rev-parse", "HEAD")
    said = str(error.value)
    assert said.startswith(f"git does not answer about {strict}, which belongs to another user: `git config --global")
    subprocess.run(shlex.split(said.split("`")[1]), check=True)
    assert len(git.ask("rev-parse", "HEAD")) == 40


def test_a_result_without_its_commit_says_why_when_it_is_made_and_afterwards(strict, capsys):
    state = environment.git_state()
    assert state and state["commit"] is None and "belongs to another user" in state["why_not"]
    assert "the result's commit is not recorded in full, because git does not answer" in capsys.readouterr().err
    starting.tell_if_git_does_not_answer()
    assert capsys.readouterr().err.startswith("Warning: results will not name the commit that made them, because git")
    assert "git does not answer about" in cell_chain._commit(state)


def recorded(folder: Path, state: object) -> str:
    """What `tcclip reproduce` says of a run whose environment.json has this state of git."""
    run = folder / "runs/mini" / RUN
    run.mkdir(parents=True, exist_ok=True)
    (run / "metrics.json").write_text("{}")
    (run / "environment.json").write_text(json.dumps({"git": state}))
    with pytest.raises(UserError) as error:
        reproduce(plan, RUN)
    return str(error.value)


plan = load_plan("mini")


def test_reproduce_says_that_the_owner_kept_git_from_answering(strict):
    said = recorded(strict, environment.git_state())
    assert said.startswith(f"runs/mini/{RUN}/environment.json names no git commit, because git does not answer about")
    assert f"`rm -r 'runs/mini/{RUN}' && snakemake runs/mini/{RUN}/metrics.json --config suite=mini` makes" in said
    assert "because the run was made outside a git checkout, or where git did not answer" in recorded(strict, None)
    with pytest.raises(UserError, match="belongs to another user"), clean_place("0" * 40):
        pass


def test_outside_a_checkout_there_is_no_state_and_without_git_a_reason(tmp_path, monkeypatch):
    monkeypatch.setattr(environment, "__file__", str(tmp_path / "module.py"))
    assert environment.git_state() is None
    (tmp_path / ".git").mkdir()
    assert "not a git repository" in str((environment.git_state() or {})["why_not"])
    monkeypatch.setenv("PATH", str(tmp_path))
    assert (environment.git_state() or {})["why_not"].startswith("git cannot be run (No such file or directory)")


def test_a_git_that_does_not_end_is_not_waited_for(checkout, tmp_path, monkeypatch):
    slow = tmp_path / "bin/git"
    slow.parent.mkdir()
    slow.write_text("#!/bin/sh\nexec sleep 20\n")
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{slow.parent}:/bin:/usr/bin")
    monkeypatch.setattr(git, "SECONDS", 0.2)
    with pytest.raises(git.GitError, match="`git rev-parse` has not answered within 0 s"):
        git.ask("rev-parse", "HEAD")


def test_looking_at_a_checkout_writes_nothing_into_it(checkout):
    os.utime(checkout / "file.txt", (1, 1))  # looked into again, and written down by a plain `git status`
    index = (checkout / ".git" / "index").read_bytes()
    assert environment.git_state()["dirty"] is False
    assert (checkout / ".git" / "index").read_bytes() == index


def test_the_words_of_git_are_understood_in_every_language(strict, monkeypatch):
    for name, value in {"LC_ALL": "C.UTF-8", "LANGUAGE": "de"}.items():
        monkeypatch.setenv(name, value)
    said = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True).stderr
    if "dubious ownership" in said:
        pytest.skip("git speaks no German here")
    with pytest.raises(git.GitError, match="which belongs to another user"):
        git.ask("rev-parse", "HEAD")
