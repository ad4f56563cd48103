"""What a live writer is writing stays, on whichever machine it is; what a killed one has left goes."""

import os
import time

import pytest

from tcclip.process import unfinished
from tcclip.process.files import atomic, write_text
from tcclip.process.folders import new_folder

GONE = 4_194_305  # more than the largest number of a process
HERE = unfinished.HOST


@pytest.mark.parametrize(
    ("name", "hours", "stays"),
    [
        (".a.csv.HERE.GONE.0a1b2c.part", 0, False),
        (".a.csv.HERE.OWN.0a1b2c.part", 48, True),
        (".a.csv.another-node.GONE.0a1b2c.part", 1, True),
        (".a.csv.another-node.OWN.0a1b2c.part", 25, False),
        (".a.csv.notes.part", 48, True),  # somebody else's, and so of older versions
        (".a.csv.GONE.part", 48, True),
        (".a.csv.b.HERE.GONE.0a1b2c.part", 48, True),  # of a.csv.b
    ],
)
def test_only_what_nobody_writes_any_more_is_removed(tmp_path, name, hours, stays):
    own = {"HERE": HERE, "OWN": str(os.getpid()), "GONE": str(GONE)}
    part = tmp_path / ".".join(own.get(word, word) for word in name.split("."))
    part.write_text("half")
    os.utime(part, (time.time() - hours * 3600,) * 2)
    write_text(tmp_path / "a.csv", "whole")
    assert part.exists() == stays and (tmp_path / "a.csv").read_text() == "whole"


def test_two_writers_of_a_file_do_not_meet_and_the_last_one_counts(tmp_path):
    with atomic(tmp_path / "a.csv") as first:
        first.write_text("first")
        write_text(tmp_path / "a.csv", "second")
        assert first.read_text() == "first"
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("a.csv", "first")]


def test_a_folder_that_another_node_makes_is_left_to_it(tmp_path):
    theirs = tmp_path / f".charts.another-node.{GONE}.0a1b2c.part"
    killed = tmp_path / f".charts.{HERE}.{GONE}.0a1b2c.part"
    for folder in (theirs, killed):
        folder.mkdir()
    with new_folder(tmp_path / "charts") as new:
        new.mkdir()
        (new / "a.png").touch()
    assert sorted(path.name for path in tmp_path.iterdir()) == [theirs.name, "charts"]
