"""Class names: one name in two spellings is told with its lines, in one's own lists and in official ones."""

import json
import unicodedata
from pathlib import Path

import pytest
from test_own_lists import folder, own  # noqa: F401
from typed import type_them

from tcclip.data.splits.own_list import read_own
from tcclip.data.splits.write import write_splits
from tcclip.errors import UserError
from tcclip.params import load_dataset

CAFE = "waving at a caf\N{LATIN SMALL LETTER E WITH ACUTE}"


@pytest.mark.parametrize(
    "first, second, shown",
    [
        ("opening a drawer", "Opening A Drawer", "'Opening A Drawer'"),
        ("opening a drawer", "opening  a  drawer", r"'opening \u0020a \u0020drawer'"),
        ("opening a drawer", "opening\u00a0a drawer", r"'opening\u00a0a drawer'"),
        ("opening a drawer", "opening a\u3000drawer", r"'opening a\u3000drawer'"),
        ("opening a drawer", "opening a dra\u200bwer", r"'opening a dra\u200bwer'"),
        ("opening a drawer", "opening a dra\u00adwer", r"'opening a dra\u00adwer'"),
        ("opening a drawer", "opening_a_drawer", "'opening_a_drawer'"),
        ("opening a drawer", "OpeningADrawer", "'OpeningADrawer'"),
        (CAFE, unicodedata.normalize("NFD", CAFE), r"'waving at a cafe\u0301'"),
        ("putting on someone's hat", "putting on someone\u2019s hat", "'putting on someone\u2019s hat'"),
        ("drag & drop", "drag &amp; drop", "'drag &amp; drop'"),
        (CAFE, CAFE.encode().decode("cp1252"), "'waving at a caf\u00c3\u00a9'"),
        ("finding a file", "\ufb01nding a \ufb01le", "'\ufb01nding a \ufb01le'"),
        ("open, then close (a/b) & go", "Open, then close (a/b) & go", "'Open, then close (a/b) & go'"),
    ],
)
def test_two_spellings_of_one_label_are_one_sentence_and_the_command_writes_one(folder, first, second, shown):  # noqa: F811
    names = [first, "pouring water"] * 3 + [second, "Pouring  Water"] * 2
    text = [
        "path,label",
        *(f'Run {number}.mp4,"{name}"' for number, name in enumerate(names)),
        "x/pouring water.mp4,run",
    ]
    text.append("y/Pouring  Water,run")
    dataset = own(folder, text)
    with pytest.raises(UserError) as error:
        read_own(dataset)
    assert f"list.csv: '{first}' (line 2) and {shown} (line 8) are one class in two spellings" in str(error.value)
    assert "(2 names have several spellings)" in str(error.value)
    type_them(str(error.value), folder)
    classes, rows = read_own(dataset)
    assert classes == {"all": sorted([first, "pouring water", "run"])}
    listed = {video for split in rows.values() for video, _ in split}
    assert {"x/pouring water", "y/Pouring  Water"} < listed and len(listed) == 12


def test_the_spelling_of_most_lines_stays(folder):  # noqa: F811
    dataset = own(folder, ["path;label", "1.mp4;Run fast", "2.mp4;run fast", "3.mp4;run fast", "4.mp4;Run"])
    with pytest.raises(UserError) as error:
        read_own(dataset)
    type_them(str(error.value), folder)
    assert (folder / "list.csv").read_text().splitlines()[1:] == [
        "1.mp4;run fast",
        "2.mp4;run fast",
        "3.mp4;run fast",
        "4.mp4;Run",
    ]


@pytest.mark.parametrize("other", ["it's on", "It's on", "it\u2019s on", "it&#39;s on"])
def test_two_labels_of_one_name_in_a_list_of_names_would_be_one_class_and_are_told(folder, other):  # noqa: F811
    (folder / "names.csv").write_text(f"3,it's on\n7,{other}\n", encoding="utf-8")
    said = rf"names\.csv: 'it's on' \(line 1\) and '{other}' \(line 2\) name the labels 3 and 7, and CLIP reads"
    with pytest.raises(UserError, match=said):
        read_own(own(folder, ["a.mp4 3", "b.mp4 7"], names="names.csv"))


def test_a_spelling_with_quotes_in_it_is_written_by_the_command(folder):  # noqa: F811
    rows = ['a.mp4,"say ""hi"""', 'b.mp4,"say ""hi"""', 'c.mp4,"Say ""hi"""', "d.mp4,run", "e.mp4,run"]
    dataset = own(folder, ["path,label", *rows])
    with pytest.raises(UserError, match="are one class in two spellings") as error:
        read_own(dataset)
    type_them(str(error.value), folder)
    assert read_own(dataset)[0] == {"all": ["run", 'say "hi"']}


def test_a_spelling_over_two_lines_is_told_without_a_command_that_sees_one(folder):  # noqa: F811
    rows = ["a.mp4,open a door", 'b.mp4,"open\na door"']
    with pytest.raises(UserError, match=r"which CLIP reads alike: write one of them$"):
        read_own(own(folder, ["path,label", *rows]))


def kinetics(lists: Path) -> None:
    (lists / "train.csv").write_text("label,youtube_id\njumping,01234567890\nrunning,01234567891\n")
    (lists / "val.csv").write_text("label,youtube_id\nJumping ,01234567892\nrunning,01234567893\n")


def ucf101(lists: Path) -> None:
    (lists / "classInd.txt").write_text("1 JumpRope\n2 Jump_Rope\n")
    for kind, tail in (("train", " 1"), ("test", "")):
        (lists / f"{kind}list01.txt").write_text(f"JumpRope/a.avi{tail}\nJump_Rope/b.avi{tail}\n")


def hmdb51(lists: Path) -> None:
    for name in ("jump", "Jump"):
        (lists / f"{name}_test_split1.txt").write_text(f"{name}a.avi 1 \n{name}b.avi 2 \n")


def ssv2(lists: Path) -> None:
    (lists / "labels.json").write_text(json.dumps({"Moving something": "0", "Moving  something": "1"}))
    for name in ("train", "validation"):
        (lists / f"{name}.json").write_text(json.dumps([{"id": "1", "template": "Moving [something]"}]))


@pytest.mark.parametrize(
    "release, write, splits, sentence",
    [
        (
            "k400",
            kinetics,
            ["train", "val"],
            r"'Jumping ' (raw/lists/val.csv, line 2) and 'jumping' (raw/list",
        ),
        (
            "ucf101",
            ucf101,
            ["train1", "test1"],
            "'JumpRope' (raw/lists/classInd.txt, line 1) and 'Jump_Rope' (",
        ),
        ("hmdb51", hmdb51, ["train1", "test1"], "'Jump' (raw/lists/Jump_test_split1.txt) and 'jump' (raw/lists/jump_t"),
        (
            "ssv2",
            ssv2,
            ["train", "test1"],
            r"'Moving something' (raw/lists/labels.json, line 1) and 'Moving \u0020so",
        ),
    ],
)
def test_official_lists_are_looked_at_too(folder, release, write, splits, sentence):  # noqa: F811
    (folder / "raw/lists").mkdir(parents=True)
    write(folder / "raw/lists")
    dataset = load_dataset(release).model_copy(
        update={"splits": splits, "lists": "official", "few_shot": None, "base_novel": None, "counts": {}}
    )
    with pytest.raises(UserError) as error:
        write_splits(dataset, Path("raw"), Path("out"))
    assert sentence in str(error.value)
    assert not (folder / "out").exists()
    if release == "k400":
        type_them(str(error.value), folder)
        write_splits(dataset, Path("raw"), Path("out"))
