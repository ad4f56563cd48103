"""Listed videos that are not there are told with the nearest path that is, by the first stage that sees the list."""

import shutil
import time
from pathlib import Path

import pytest
import yaml
from small_videos import write_video
from test_own_lists import folder, own  # noqa: F401
from typed import commands, type_them
from typer.testing import CliRunner

from tcclip.cli.app import app
from tcclip.data.splits import nearest
from tcclip.data.splits.doubles import remarks_of_official
from tcclip.data.splits.entries import Entry, OwnList
from tcclip.data.splits.listed_paths import check_own
from tcclip.data.splits.own_list import read_own
from tcclip.errors import UserError
from tcclip.params import load_dataset
from tcclip.plan import layout

DAYS = 4
NAMES = {"01.mp4": "opening a drawer", "02.mp4": "pouring water"}


@pytest.fixture
def kitchen(folder):  # noqa: F811
    """The folder of a working directory with the videos of four days."""
    for day in range(1, DAYS + 1):
        for number, name in enumerate(NAMES):
            write_video(folder / f"videos/Day{day}/{name}", frames=2 + day, width=64 + 16 * number)
    return folder


def listed(change=str, head="path,label"):
    rows = [(f"Day{day}/{name}", label) for day in range(1, DAYS + 1) for name, label in NAMES.items()]
    return [head, *(f"{change(path)},{label}" for path, label in rows)]


def raw() -> str:
    done = CliRunner().invoke(app, ["raw", "kitchen"])
    return done.output if done.exit_code else ""


@pytest.mark.parametrize(
    "change, near",
    [
        (lambda path: f"videos/{path}", "Day1/01.mp4"),
        (lambda path: f"./my videos/{path}", "Day1/01.mp4"),
        (lambda path: path.replace("/", "\\"), "Day1/01.mp4"),
        (lambda path: "C:\\Users\\me\\" + path.replace("/", "\\"), "Day1/01.mp4"),
        (lambda path: path.lower(), "Day1/01.mp4"),
        (lambda path: path.replace("Day", "Day "), "Day1/01.mp4"),
        (lambda path: path.replace("Day", "DAY-"), "Day1/01.mp4"),
        (lambda path: f"../my videos/{path}", "Day1/01.mp4"),
        (lambda path: path.replace("Day", "Tag/Day"), "Day1/01.mp4"),
        (lambda path: path.removesuffix(".mp4").lower() + ".avi", "Day1/01.mp4"),
        (lambda path: f"videos/{path.removesuffix('.mp4')}", "Day1/01.mp4"),
        (lambda path: f"{Path.home()}/elsewhere/{path}", "Day1/01.mp4"),
    ],
)
def test_paths_that_are_all_wrong_are_one_sentence_and_the_command_writes_them(kitchen, change, near):
    own(kitchen, listed(change))
    told = raw()
    assert "list.csv, line 2: " in told and near in told
    type_them(told, kitchen)
    assert raw() == ""
    assert {video for rows in read_own(load_dataset("kitchen"))[1].values() for video, _ in rows} == {
        f"Day{day}/{name.removesuffix('.mp4')}" for day in range(1, DAYS + 1) for name in NAMES
    }


def test_a_video_that_is_nowhere_can_be_taken_off(kitchen):
    own(kitchen, [*listed(), "quite/another.mp4,pouring water", "Day1/01.mp4/nothing like it,pouring water"])
    told = raw()
    assert "list.csv, line 10: 'quite/another.mp4' is not a video below videos" in told
    assert "2 of 10 listed videos are not, more than max_missing: 0.02 allows" in told
    type_them(told, kitchen)
    assert raw() == ""


def test_the_folder_they_are_in_is_named(kitchen):
    own(kitchen, listed(), folder=".")
    told = raw()
    assert "'Day1/01.mp4' is not a video below ." in told and "the nearest that is there is videos/Day1/01.mp4" in told
    type_them(told, kitchen)
    assert raw() == "" and load_dataset("kitchen").folder == "videos"


def test_many_missing_videos_are_told_in_seconds(kitchen):
    known = {f"a/{number:06d}": f"a/{number:06d}.mp4" for number in range(100_000)}
    entries = [Entry(n + 2, f"b/{n:06d}.mp4", f"b/{n:06d}", "jump", "train", "") for n in range(30_000)]
    rows = {"train1": [(entry.video, 0) for entry in entries]}
    start = time.process_time()
    with pytest.raises(UserError, match=r"the nearest that is there is a/000000\.mp4"):
        check_own(own(kitchen, []), OwnList(Path("list.csv"), entries, ["jump"], []), rows, known)
    assert time.process_time() - start < 3


def test_a_file_that_is_there_and_no_video_is_told_so(kitchen):
    (kitchen / "videos/a.dat").write_text("no video")
    own(kitchen, [*listed(), "a.dat,pouring water"])
    told = raw()
    assert "line 10: 'a.dat' is not a video below videos" in told
    assert "it is there, and does not open as a video" in told
    type_them(told, kitchen)
    assert raw() == ""


@pytest.mark.parametrize(
    "path, near",
    [
        ("Day1/03.mp4", "Day1/0"),
        ("Day5/01.mp4", "Day4/01.mp4"),
        ("Day1/001.mp4", "Day1/01.mp4"),
        ("part_1_2.mp4", "part_12.mp4"),
        ("nope.mp4", "demo.mp4"),
        ("day1/x.mp4", "Day1/X.mp4"),  # which is listed as well
        ("other/twice.mp4", "b/twice.mp4"),
    ],
)
def test_no_command_writes_a_video_of_another_name_or_number_or_one_that_is_listed(kitchen, path, near):
    for name in ("part_12", "demo", "Day1/X", "a/twice", "b/twice"):
        write_video(kitchen / f"videos/{name}.mp4", frames=2)
    own(kitchen, [*listed(), "Day1/X.mp4,pouring water", f"{path},pouring water"])
    told = raw()
    assert f"line 11: '{path}' is not a video below videos" in told
    assert f"the nearest that is there is {near}" in told
    assert "which may be another video: put what is missing there, or" in told
    assert commands(told) == ["sed -i 11d list.csv"]  # takes it off the list


def test_two_listed_paths_that_would_become_one_video_are_left_to_the_reader(kitchen):
    own(kitchen, [line for line in listed() if "Day1/01" not in line] + ["day1/01.mp4,a", "x/Day1/01.mp4,b"])
    assert commands(raw()) == ["sed -i 9,10d list.csv"]


def test_a_command_changes_no_path_that_is_right(kitchen):
    write_video(kitchen / "videos/day1/02.mp4", frames=9)
    rows = [line.replace("Day1/01", "day1/01") for line in listed()]
    own(kitchen, [*rows, "day1/02.mp4,pouring water"])
    type_them(raw(), kitchen)
    assert raw() == "" and (kitchen / "list.csv").read_text().splitlines() == [*listed(), "day1/02.mp4,pouring water"]


def test_a_link_that_leads_nowhere_is_said_to_be_one(kitchen):
    (kitchen / "videos/Day1/09.mp4").symlink_to("../gone.mp4")
    own(kitchen, [*listed(), "Day1/09,pouring water"])
    assert "Day1/09.mp4 is a symbolic link to ../gone.mp4, which is not there" in raw()


def test_a_file_outside_of_the_folder_is_said_to_be_there(kitchen):
    write_video(kitchen / "elsewhere/far.mp4", frames=2)
    own(kitchen, [*listed(), "../elsewhere/far.mp4,pouring water"])
    assert "'../elsewhere/far.mp4' is not a video below videos" in (told := raw())
    assert "it is there, outside of the folder" in told


def test_a_record_over_two_lines_is_named_and_not_cut_in_half(kitchen):
    train = [line + (",train" if n else ",split") for n, line in enumerate(listed())]
    own(kitchen, [*train, 'gone.mp4,"washing', 'up",test', "gone too.mp4,pouring water,test"])
    told = raw()
    assert "or deleting lines 10 to 11, which are one record, and 1 other record in an editor takes it off" in told
    assert commands(told) == []
    own(kitchen, [*train, '"day1/x.mp4","washing', 'up",test'])
    write_video(kitchen / "videos/Day1/X.mp4", frames=2)
    assert "write Day1/X.mp4 into the record that begins in line 10" in (told := raw()) and commands(told) == []


def test_fewer_than_allowed_are_a_remark(kitchen):
    own(kitchen, [*listed(), "Day1/03.mp4,pouring water"], max_missing=0.5)
    done = CliRunner().invoke(app, ["raw", "kitchen"])
    assert done.exit_code == 0 and "line 10: 'Day1/03.mp4' is not a video below videos" in done.output


def test_a_changed_list_is_held_against_the_videos_by_stage_splits(kitchen):
    own(kitchen, listed())
    assert raw() == ""
    (kitchen / "list.csv").write_text("\n".join(listed(str.lower)))
    done = CliRunner().invoke(app, ["splits", "kitchen"])
    assert done.exit_code == 1 and "the nearest that is there is Day1/01.mp4" in done.output


def test_official_lists_of_which_nothing_is_there_are_one_sentence(folder):  # noqa: F811
    write_video(folder / "data/raw/ucf101/videos/Jump/v_Jump_g1_c01.avi", frames=2)
    lists = folder / "data/raw/ucf101/lists"
    lists.mkdir()
    (lists / "classInd.txt").write_text("1 Jump\n")
    for number in (1, 2, 3):
        (lists / f"trainlist0{number}.txt").write_text("Jump/v_Jump_g01_c01.avi 1\n")
        (lists / f"testlist0{number}.txt").write_text("Jump/v_Jump_g02_c01.avi\n")
    content = yaml.safe_load((folder / "params/datasets/ucf101.yaml").read_text()) | {"lists": "official"}
    content = {
        key: value for key, value in content.items() if key not in ("few_shot", "base_novel", "published", "counts")
    }
    (folder / "params/datasets/ucf101.yaml").write_text(yaml.safe_dump(content))
    layout.manifest("ucf101").write_text("path,bytes\nvideos/Jump/v_Jump_g1_c01.avi,1\n")
    done = CliRunner().invoke(app, ["splits", "ucf101"])
    assert "none of the listed videos is below data/raw/ucf101/videos: the first is v_Jump_g01_c01" in done.output
    assert "the nearest that is there Jump/v_Jump_g1_c01.avi" in done.output


def test_equal_content_in_train_and_test_is_named_before_training(kitchen):
    (kitchen / "videos/copies").mkdir()
    for day, copy in ((1, "x"), (2, "y")):
        shutil.copy(kitchen / f"videos/Day{day}/02.mp4", kitchen / f"videos/copies/{copy}.mp4")
    text = [f"{line},train" if n else "path,label,split" for n, line in enumerate(listed())]
    text += ["copies/x.mp4,pouring water,test", "copies/y.mp4,pouring water,test"]
    write_video(kitchen / "videos/z.mp4", frames=30)
    own(kitchen, [*text, "z.mp4,pouring water,test"])
    for stage in ("raw", "splits"):
        done = CliRunner().invoke(app, [stage, "kitchen"])
        told = done.output.splitlines()[-1]  # Snakemake shows the last line
        assert (
            "Warning: list.csv, lines 3 and 10: Day1/02.mp4 (train) and copies/x.mp4 (test) have equal content" in told
        )
        assert "of 2 contents a copy is trained with and a copy tested with" in told
    type_them(told, kitchen)
    done = CliRunner().invoke(app, ["raw", "kitchen"])
    assert done.exit_code == 0 and "equal content" not in done.output


def test_equal_content_on_one_side_is_a_remark(kitchen):
    shutil.copy(kitchen / "videos/Day1/02.mp4", kitchen / "videos/x.mp4")
    text = [f"{line},{'train' if n < 7 else 'test'}" if n else "path,label,split" for n, line in enumerate(listed())]
    own(kitchen, [*text, "x.mp4,pouring water,train"])
    done = CliRunner().invoke(app, ["raw", "kitchen"])
    assert done.exit_code == 0
    assert "list.csv, lines 3 and 10: Day1/02.mp4 and x.mp4 have equal content" in done.output


def test_missing_videos_with_names_like_others_are_told_in_seconds(kitchen, monkeypatch):
    monkeypatch.setattr(nearest, "MOST", 2_000)  # names that are compared; 20,000 take as long as this is allowed
    known = {f"{n % 20}/v_Jump_g{n // 20:03d}_c01": f"{n % 20}/v_Jump_g{n // 20:03d}_c01.mp4" for n in range(1_000)}
    entries = [Entry(n + 2, f"0/v_Run_g{n}_c99.mp4", f"0/v_Run_g{n}_c99", "run", "train", "") for n in range(100)]
    rows = {"train1": [(entry.video, 0) for entry in entries]}
    start = time.process_time()
    with pytest.raises(UserError, match=r"the nearest that is there is \d+/v_Jump_g\d+_c01\.mp4") as error:
        check_own(own(kitchen, []), OwnList(Path("list.csv"), entries, ["run"], []), rows, known)
    assert time.process_time() - start < 2
    assert "which may be another video: put the listed videos there" in str(error.value)


def test_official_lists_that_train_with_the_content_of_a_tested_video_or_list_one_twice_are_told():
    lists = {"train1": [("a", 0), ("b", 0), ("c", 1)], "test1": [("d", 0), ("e", 1)]}
    said = "1 videos of split test1 have the content of a training video: a and d"
    assert remarks_of_official(lists, [["a", "d"], ["b", "c"]]) == [said]
    assert remarks_of_official({**lists, "test2": [("f", 0)]}, [["d", "f"]]) == []  # neither is trained with
    assert remarks_of_official({"train1": [("a", 0), ("b", 0), ("a", 0)]}, []) == [
        "split train1 lists 1 of its 3 videos twice"
    ]


def test_a_test_split_that_is_a_part_of_the_training_list_on_purpose_is_no_remark():
    both = [("a", 0), ("b", 1)]
    assert remarks_of_official({"train": both, "test1": both}, [["a", "b"]]) == []
