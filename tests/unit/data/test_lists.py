"""The official lists of the datasets, as they are released."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tcclip.data.splits.lists import read_labelled, read_lists, read_names
from tcclip.data.splits.write import write_splits
from tcclip.data.videos.listing import find_videos, video_id
from tcclip.errors import UserError
from tcclip.params.dataset import Release


def dataset(fmt: str, *splits: str, class_lists: str = "one") -> Release:
    frames = {"short_side": 64, "jpeg_quality": 90, "shards": 1, "decode_timeout_s": 60}
    return Release.model_validate(
        {
            "name": "tiny",
            "description": "a few lines of lists",
            "format": fmt,
            "splits": splits,
            "class_lists": class_lists,
            "flip": True,
            "frames": frames,
        }
    )


def write(raw: Path, **files: str) -> Path:
    (raw / "lists").mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (raw / "lists" / name.replace("__", ".")).write_text(text, encoding="utf-8")
    return raw


def test_hmdb_tags_and_odd_names_are_read(tmp_path: Path) -> None:
    write(
        tmp_path,
        shoot_ball_test_split1__txt="A_(b)~+@#&;_shoot_ball_f_0.avi 1 \nB C_shoot_ball_1.avi 2 \nunused.avi 0 \n",
        shoot_ball_test_split2__txt="A_(b)~+@#&;_shoot_ball_f_0.avi 2 \n",
        catch_test_split1__txt="x.y_catch_0.avi 2 \nz_catch_1.avi 1 \n",
        catch_test_split2__txt="x.y_catch_0.avi 1 \n",
        __catch_test_split1__txt="what a system keeps of a file beside it",
    )
    (tmp_path / "lists" / ".catch_test_split1.txt").rename(tmp_path / "lists" / "._catch_test_split1.txt")
    classes, splits = read_lists(dataset("hmdb51", "train1", "test1", "test2"), tmp_path)
    assert classes == {"all": ["catch", "shoot ball"]}
    assert splits == {
        "train1": [("z_catch_1", 0), ("A_(b)~+@#&;_shoot_ball_f_0", 1)],
        "test1": [("x.y_catch_0", 0), ("B C_shoot_ball_1", 1)],
        "test2": [("A_(b)~+@#&;_shoot_ball_f_0", 1)],
    }


def test_ucf_labels_count_from_one_in_the_file_and_belong_to_the_folder(tmp_path: Path) -> None:
    write(
        tmp_path,
        classInd__txt="1 Hammering\n2 HandstandPushups\n",
        trainlist01__txt="HandstandPushups/v_HandStandPushups_g01_c01.avi 2\nHammering/v_Hammering_g09_c02.avi 1\n",
        testlist01__txt="HandstandPushups/v_HandStandPushups_g02_c01.avi\r\n",
    )
    classes, splits = read_lists(dataset("ucf101", "train1", "test1"), tmp_path)
    assert classes == {"all": ["Hammering", "HandstandPushups"]}
    assert splits["train1"] == [("v_HandStandPushups_g01_c01", 1), ("v_Hammering_g09_c02", 0)]
    assert splits["test1"] == [("v_HandStandPushups_g02_c01", 1)]


def test_labels_follow_the_numbers_of_ucfs_class_list_as_numbers(tmp_path: Path) -> None:
    write(tmp_path, classInd__txt="10 YoYo\n2 Bowling\n1 Archery\n", testlist01__txt="YoYo/v_YoYo_g01_c01.avi\n")
    classes, splits = read_lists(dataset("ucf101", "test1"), tmp_path)
    assert classes == {"all": ["Archery", "Bowling", "YoYo"]} and splits["test1"] == [("v_YoYo_g01_c01", 2)]


def test_ssv2_templates_lose_their_brackets_and_validation_is_the_test_split(tmp_path: Path) -> None:
    names = {"Pouring something into something": "10", "Holding something next to something": "9"}  # as numbers
    train = [{"id": "78687", "template": "Holding [something] next to [something]", "label": "holding potato ..."}]
    validation = [{"id": "12", "template": "Pouring [something] into [something]", "label": "pouring milk"}]
    write(
        tmp_path, labels__json=json.dumps(names), train__json=json.dumps(train), validation__json=json.dumps(validation)
    )
    classes, splits = read_lists(dataset("ssv2", "train", "test1"), tmp_path)
    assert classes == {"all": ["Holding something next to something", "Pouring something into something"]}
    assert splits == {"train": [("78687", 0)], "test1": [("12", 1)]}


def test_kinetics_annotations_share_one_alphabetical_class_list(tmp_path: Path) -> None:
    head = "label,youtube_id,time_start,time_end,split\n"
    write(
        tmp_path,
        train__csv=head + 'yawning,-aNccq2jvUA,1,11,train\n"petting animal (not cat)",___qijXy2f0,0,10,train\n',
        val__csv=head + "archery,0aaaaaaaaaa,1,11,val\n",
    )
    classes, splits = read_lists(dataset("kinetics", "train", "val"), tmp_path)
    assert classes == {"all": ["archery", "petting animal (not cat)", "yawning"]}
    assert splits == {"train": [("-aNccq2jvUA", 2), ("___qijXy2f0", 1)], "val": [("0aaaaaaaaaa", 0)]}


def test_published_names_stand_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    (tmp_path / "names.csv").write_text("id,name\n10,yawning\n2,bowling\n0,archery\n")
    assert read_names(tmp_path / "names.csv") == ["archery", "bowling", "yawning"]


@pytest.mark.parametrize(
    ("listed", "labels"),
    [("ZS_split1__txt", "ZS_split1_labels__csv"), ("ZS_split1_K600_eval__txt", "ZS_split1_K600__csv")],
)
def test_every_zero_shot_split_has_its_own_classes(tmp_path: Path, listed: str, labels: str) -> None:
    text = "train/-aNccq2jvUA_000055_000065.mp4 0\nval/_0bk_zXtqOT_000020_000030.mp4 1"  # no final newline
    write(tmp_path, **{listed: text, labels: "id,name\n0,acting in play\n1,arguing\n"})
    classes, splits = read_lists(dataset("kinetics", "test1", class_lists="per_split"), tmp_path)
    assert classes == {"test1": ["acting in play", "arguing"]}
    assert splits == {"test1": [("-aNccq2jvUA", 0), ("_0bk_zXtqOT", 1)]}


@pytest.mark.parametrize(
    ("fmt", "splits", "file"),
    [
        ("hmdb51", ["train1"], "<class>_test_split1.txt"),
        ("ucf101", ["train1"], "classInd.txt"),
        ("ssv2", ["train"], "labels.json"),
        ("kinetics", ["train"], "train.csv"),
    ],
)
def test_a_missing_list_is_named(tmp_path: Path, fmt: str, splits: list[str], file: str) -> None:
    with pytest.raises(UserError, match=f"dataset tiny: the official list .*{file} is missing"):
        read_lists(dataset(fmt, *splits), tmp_path)


def test_a_list_that_was_cut_or_is_no_text_is_named(tmp_path: Path) -> None:
    write(tmp_path, labels__json='{"Pouring": "0"}', train__json='[{"id": "12",\n "template": "Pou')
    with pytest.raises(UserError, match=r"train\.json, line 2, column 14: no JSON .*: put the release's whole file"):
        read_lists(dataset("ssv2", "train"), tmp_path)
    (tmp_path / "lists/labels.json").write_bytes(b'{"caf\xe9": "0"}')
    with pytest.raises(UserError, match=r"labels\.json is not UTF-8 text: put the release's own file there"):
        read_lists(dataset("ssv2", "train"), tmp_path)


def test_wrong_lines_are_named(tmp_path: Path) -> None:
    write(tmp_path, classInd__txt="1 Archery\n", trainlist01__txt="Bowling/v_Bowling_g01_c01.avi 2\n")
    with pytest.raises(UserError, match="class 'Bowling' is not in the dataset's class list"):
        read_lists(dataset("ucf101", "train1"), tmp_path)
    with pytest.raises(UserError, match="split 'val' must be train1"):
        read_lists(dataset("ucf101", "val"), tmp_path)
    (tmp_path / "list.txt").write_text("a.avi 0\nb.avi 7\n")
    with pytest.raises(UserError, match=r"line 'b.avi 7' must end in a label from 0 to 6"):
        read_labelled(tmp_path / "list.txt", "hmdb51", 7)


@pytest.mark.parametrize(
    ("fmt", "files", "says"),
    [
        (
            "hmdb51",
            {"cut_test_split1__txt": "a.avi 1\nb.avi 02\n"},
            r"the tag of b\.avi must be 0, 1 or 2 \(got '02'\)",
        ),
        ("ucf101", {"classInd__txt": "1 Archery\n2\n"}, "classInd.txt: line '2' must be a number, a blank and a class"),
        ("ucf101", {"classInd__txt": "Archery\n"}, "line 'Archery' must be a number, a blank and a class"),
        (
            "ssv2",
            {"labels__json": '{"Pouring": "one"}'},
            "labels.json must be an object of JSON with a number for each",
        ),
        ("ssv2", {"labels__json": '["Pouring"]'}, "labels.json must be an object of JSON with a number for each"),
        (
            "ssv2",
            {"labels__json": '{"Pouring": "0"}', "validation__json": '[{"id": "12"}]'},
            "validation.json must be a list of JSON objects with id and template",
        ),
        (
            "kinetics",
            {"train1__csv": "label,youtube_id\nyawning\n"},
            "train1.csv: the row of 'yawning' has no youtube_id",
        ),
        ("parts", {"train1__csv": "video,label\na\n"}, "train1.csv: the row of 'a' has no label"),
    ],
)
def test_lists_that_are_no_releases_are_one_sentence(
    tmp_path: Path, fmt: str, files: dict[str, str], says: str
) -> None:
    with pytest.raises(UserError, match=says):
        read_lists(dataset(fmt, "train1"), write(tmp_path, **files))


@pytest.mark.parametrize(
    ("listed", "labels", "says"),
    [
        ("a.mp4 \u00b2", "id,name\n0,arguing\n", "line 'a.mp4 \u00b2' must end in a label from 0 to 0"),
        ("a.mp4 0", "name\narguing\n", "labels.csv: expected a table with the columns id and name"),
        ("a.mp4 0", "id,name\nx,arguing\n", "labels.csv: id 'x' of class 'arguing' must be a number"),
    ],
)
def test_tables_of_names_that_are_none_are_one_sentence(tmp_path: Path, listed: str, labels: str, says: str) -> None:
    write(tmp_path, ZS_split1__txt=listed, ZS_split1_labels__csv=labels)
    with pytest.raises(UserError, match=says):
        read_lists(dataset("kinetics", "test1", class_lists="per_split"), tmp_path)


def test_lists_are_held_against_the_numbers_that_the_datasets_file_says(tmp_path: Path) -> None:
    counts = {"classes": 2, "train": 2, "val": 1}
    of_two = dataset("kinetics", "train", "val").model_copy(update={"counts": counts, "name": "tiny"})
    rows = {"train__csv": "label,youtube_id\ncut,a\ncut,b\nrun,c\n", "val__csv": "label,youtube_id\nrun,d\n"}
    write_splits(of_two, write(tmp_path, **rows), tmp_path / "out")  # three train: more than the mirror has
    for name, text, says in (
        (
            "val__csv",
            "label,youtube_id\nrun,d\nsit,e\n",
            r"have 3 classes, and params/datasets/tiny\.yaml says counts.c",
        ),
        ("train__csv", "label,youtube_id\nrun,c\n", "have 1 class, and"),
        (
            "train__csv",
            "label,youtube_id\ncut,a\n",
            "have 1 video of train, and .* says counts.train: 2: put all files",
        ),
    ):
        with pytest.raises(UserError, match=says):
            write_splits(of_two, write(tmp_path, **{**rows, name: text}), tmp_path / "out")


def test_a_video_is_known_by_its_stem_and_in_kinetics_by_its_youtube_id() -> None:
    assert video_id("val/-a_b-c_d-e0_000001_000011.mp4", "kinetics") == "-a_b-c_d-e0"
    assert video_id("Jump/v_Jump.1_(a)#&;.avi", "ucf101") == "v_Jump.1_(a)#&;"


def test_videos_are_found_in_all_folders_in_a_fixed_order(tmp_path: Path) -> None:
    for name in ("b/a.avi", "a.MP4", "b.webm", "b/.hidden.mp4", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert [path.relative_to(tmp_path).as_posix() for path in find_videos(tmp_path)] == ["a.MP4", "b.webm", "b/a.avi"]


@pytest.mark.parametrize(
    ("listed", "labels", "fmt", "rows", "classes"),
    [
        ("hmdb_splits/val1.txt", "hmdb_51_labels.csv", "hmdb51", 1530, 51),
        ("hmdb_splits/train1_few_shot_16.txt", "hmdb_51_labels.csv", "hmdb51", 816, 51),
        ("ucf_splits/val3.txt", "ucf_101_labels.csv", "ucf101", 3696, 101),
        ("ssv2_splits/train1_few_shot_16.txt", "ssv2_labels.csv", "ssv2", 2784, 174),
        ("base2novel_splits/ssv2_splits/base_val.txt", "ssv2_174_base_labels.csv", "ssv2", 17562, 87),
        ("k400_splits/val.txt", "kinetics_400_labels.csv", "kinetics", 19877, 400),
        ("k600_splits/ZS_split1_K600_eval.txt", "ZS_split1_K600.csv", "kinetics", 14084, 160),
        ("k600_splits/ZS_split2_K600_eval.txt", "ZS_split2_K600.csv", "kinetics", 13978, 160),
        ("k600_splits/ZS_split3_K600_eval.txt", "ZS_split3_K600.csv", "kinetics", 14136, 160),
    ],
)
def test_the_published_lists_are_read_whole(
    published_lists: Path, listed: str, labels: str, fmt: str, rows: int, classes: int
) -> None:
    names = read_names(published_lists / "labels" / labels)
    read = read_labelled(published_lists / "datasets_splits" / listed, fmt, len(names))
    assert (len(read), len(names)) == (rows, classes)
    assert len({video for video, _ in read}) == rows and {label for _, label in read} == set(range(classes))


def test_names_with_quotes_and_commas_are_read(published_lists: Path) -> None:
    with open(published_lists / "labels" / "ssv2_labels.csv", newline="") as file:
        expected = [row["name"] for row in csv.DictReader(file)]
    assert read_names(published_lists / "labels" / "ssv2_labels.csv") == expected
    assert "Lifting something up completely, then letting it drop down" in expected
