"""Jobs of one machine share its GPUs: each takes free ones, and no card has two jobs. Names stand in for cards."""

import errno
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tcclip.errors import UserError
from tcclip.process import cards

JOB = """
import os, sys, time
from tcclip.process import cards
cards.take(int(sys.argv[1]))
print(os.environ["CUDA_VISIBLE_DEVICES"], flush=True)
sys.stdin.read()
"""


@pytest.fixture
def shared(monkeypatch):
    """Three cards, one of them a part of a card, for this test's jobs."""
    monkeypatch.setenv(cards.VISIBLE, "0, 4,MIG-GPU-1/2/0")
    monkeypatch.setenv(cards.FOLDER, "")
    cards.share(cards.on_this_machine())


def job(count):
    command = [sys.executable, "-c", JOB, str(count)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def end(*jobs):
    for process in jobs:
        process.communicate()


def test_each_job_sees_cards_of_its_own(shared):
    two, one = job(2), job(1)
    seen = [process.stdout.readline().strip().split(",") for process in (two, one)]
    assert sorted(map(len, seen)) == [1, 2]
    assert sorted(seen[0] + seen[1]) == ["0", "4", "MIG-GPU-1/2/0"]
    end(two, one)


def test_a_job_waits_until_as_many_cards_as_it_asks_for_are_free_also_after_a_kill(shared):
    first = job(2)
    first.stdout.readline()
    second = job(2)
    with pytest.raises(subprocess.TimeoutExpired):
        second.wait(timeout=1)
    last = job(1)
    assert last.stdout.readline().strip()  # the card that the waiting job cannot use alone
    first.send_signal(signal.SIGKILL)
    assert len(second.stdout.readline().strip().split(",")) == 2
    end(second, last)
    first.communicate()


def test_more_cards_than_there_are_is_an_error_that_says_how_many_there_are(shared):
    with pytest.raises(UserError, match=r"4 GPUs are asked for .*, and Snakemake has 3"):
        cards.take(4)


def test_one_card_more_than_there_are_is_said_in_words_of_one(monkeypatch, tmp_path):
    monkeypatch.setenv(cards.FOLDER, str(tmp_path))
    with pytest.raises(UserError, match=r"^1 GPU is asked for .*, and Snakemake has 0"):
        cards.take(1)


def test_what_cleans_temporary_folders_by_age_leaves_the_cards_alone(shared):
    """systemd-tmpfiles passes by a folder that is locked; others see that a job has used the files."""
    folder = Path(os.environ[cards.FOLDER])
    opened = os.open(folder, os.O_RDONLY)
    with pytest.raises(BlockingIOError):
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(opened)
    for path in (folder, *folder.iterdir()):
        os.utime(path, (0, 0))
    one = job(1)
    one.stdout.readline()
    assert all(path.stat().st_mtime > time.time() - 60 for path in (folder, *folder.iterdir()))
    end(one)


def test_cards_whose_files_have_been_removed_are_a_sentence(shared):
    shutil.rmtree(os.environ[cards.FOLDER])
    with pytest.raises(UserError, match="has been removed: stop Snakemake and start it again"):
        cards.take(1)


def test_a_temporary_folder_without_locks_is_a_sentence(monkeypatch):
    def of_lustre(_file, _how):
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    monkeypatch.setattr(fcntl, "flock", of_lustre)
    with pytest.raises(UserError, match=r"has no locks .*: set TMPDIR to a folder of a local disk"):
        cards.share(["0"])


def test_a_job_that_shares_none_keeps_what_it_sees(monkeypatch):
    monkeypatch.delenv(cards.FOLDER, raising=False)
    monkeypatch.setenv(cards.VISIBLE, "5")
    cards.take(1)
    assert os.environ[cards.VISIBLE] == "5"


@pytest.mark.parametrize(
    ("named", "there"),
    [
        ("-1", []),
        ("", []),
        ("none", []),
        ("2, 0,-1,1", ["2", "0"]),
        ("1,,0", ["1"]),
        ("GPU-0f1e,MIG-9a8b,", ["GPU-0f1e", "MIG-9a8b"]),
    ],
)
def test_cards_are_named_up_to_the_first_word_that_names_none_as_cuda_reads_them(monkeypatch, named, there):
    monkeypatch.setenv(cards.VISIBLE, named)
    assert cards.on_this_machine() == there


def test_no_driver_and_no_names_are_no_cards(monkeypatch, tmp_path):
    monkeypatch.delenv(cards.VISIBLE, raising=False)
    monkeypatch.setattr(cards, "DRIVER", tmp_path / "absent")
    assert cards.on_this_machine() == []
    (tmp_path / "gpus/0000:01:00.0").mkdir(parents=True)
    (tmp_path / "gpus/0000:02:00.0").mkdir()
    monkeypatch.setattr(cards, "DRIVER", tmp_path / "gpus")
    assert cards.on_this_machine() == ["0", "1"]
