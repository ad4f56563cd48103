"""A listed video of one's own is the file that the list names, and no other one that shares its name."""

import shutil

import pytest
from small_videos import write_video
from test_listed_paths import raw
from test_own_lists import folder, own  # noqa: F401
from test_video import CLIPS
from typed import commands, type_them
from typer.testing import CliRunner

from tcclip.cli.app import app
from tcclip.data.splits.own_list import read_own
from tcclip.errors import UserError

HEAD = "path,label,split"


@pytest.fixture
def videos(folder):  # noqa: F811
    """The folder of a working directory with two videos."""
    write_video(folder / "videos/c1.mp4", frames=2)
    write_video(folder / "videos/c2.mp4", frames=3)
    return folder


ROWS = ["c1.mp4,A,train", "c2.mp4,B,test"]


@pytest.mark.parametrize("listed", ["c3.avi", "c3.mp4", "c3", "c3.mov"])
def test_two_files_that_differ_in_their_suffix_alone_are_refused_where_they_are_listed(videos, listed):
    shutil.copy(CLIPS / "test.avi", videos / "videos/c3.avi")
    shutil.copy(CLIPS / "demo.mp4", videos / "videos/c3.mp4")
    own(videos, [HEAD, *ROWS, f"{listed},A,train"])
    told = raw()
    assert "list.csv, line 4: below videos are c3.avi and c3.mp4, which are one video, as a video is its path" in told
    assert "rename one of the two, and in the list too if it is the one that you mean, or take one out of the" in told
    (videos / "videos/c3.mp4").rename(videos / "videos/c4.mp4")
    own(videos, [HEAD, *ROWS, "c3.avi,A,train"])
    assert raw() == ""


def test_two_such_files_that_are_not_listed_are_nobodys_trouble(videos):
    write_video(videos / "videos/c3.avi", frames=4)
    write_video(videos / "videos/c3.mp4", frames=5)
    own(videos, [HEAD, *ROWS])
    assert raw() == ""


def test_splits_refuses_them_too(videos):
    for name in ("c3.avi", "c3.mp4"):
        write_video(videos / f"videos/{name}", frames=4)
    own(videos, [HEAD, *ROWS])
    assert raw() == ""
    own(videos, [HEAD, *ROWS, "c3.avi,A,train"])
    assert "c3.avi and c3.mp4, which are one video" in CliRunner().invoke(app, ["splits", "kitchen"]).output


def test_another_suffix_than_the_listed_one_is_told_and_the_command_writes_it(videos):
    own(videos, [HEAD, "c1.avi,A.avi B,train", "c2.avi,B,test"])
    told = raw()
    assert "list.csv, line 2: 'c1.avi' is not there, and c1.mp4 is (2 listed files have another suffix there)" in told
    type_them(told, videos)
    assert raw() == ""
    assert (videos / "list.csv").read_text().splitlines() == [HEAD, "c1.mp4,A.avi B,train", "c2.mp4,B,test"]


def test_the_command_leaves_files_alone_that_have_the_listed_suffix(videos):
    write_video(videos / "videos/c3.avi", frames=4)
    own(videos, [HEAD, *ROWS, "c3.avi,A,train"])
    assert raw() == ""
    own(videos, [HEAD, "./c1.avi,A,train", "c2.mp4,B,test", "c3.avi,A,train"])
    type_them(raw(), videos)
    assert raw() == ""
    assert (videos / "list.csv").read_text().splitlines() == [
        HEAD,
        "./c1.mp4,A,train",
        "c2.mp4,B,test",
        "c3.avi,A,train",
    ]


def test_the_authors_list_gets_the_suffix_that_is_there(videos):
    (videos / "names.csv").write_text("0,run\n1,jump\n")
    for name in ("c3", "c4"):
        write_video(videos / f"videos/{name}.mp4", frames=5)
    own(videos, ["c1.avi 0", "c2.avi 1", "c3.avi 0", "c4.avi 1"], names="names.csv")
    type_them(raw(), videos)
    assert raw() == ""


@pytest.mark.parametrize("listed", ["c1", "c1.MP4"])
def test_no_suffix_and_one_in_another_case_are_no_other_one(videos, listed):
    own(videos, [HEAD, f"{listed},A,train", "c2,B,test"])
    assert raw() == ""


def test_two_listed_files_that_are_both_there_are_to_be_renamed_and_no_line_goes(videos):
    write_video(videos / "videos/c1.avi", frames=4)
    said = r"line 4: c1\.avi \(test\) is listed in line 2 already, as c1\.mp4 \(train\) .*: rename one of the two files"
    with pytest.raises(UserError, match=said) as error:
        read_own(own(videos, [HEAD, *ROWS, "c1.avi,B,test"]))
    assert commands(str(error.value)) == []


def test_of_two_listed_files_of_which_one_is_there_the_other_line_goes(videos):
    dataset = own(videos, [HEAD, "c1.avi,B,test", *ROWS])
    with pytest.raises(UserError, match=r"line 3: c1\.mp4 \(train\) is listed in line 2 already") as error:
        read_own(dataset)
    type_them(str(error.value), videos)
    assert (videos / "list.csv").read_text().splitlines() == [HEAD, *ROWS]


def test_an_empty_file_is_remarked(videos):
    (videos / "videos/c3.mp4").touch()
    own(videos, [HEAD, *ROWS, "c3.mp4,A,train"])
    done = CliRunner().invoke(app, ["raw", "kitchen"])
    assert done.exit_code == 0 and "list.csv, line 4: c3.mp4 is an empty file" in done.output
