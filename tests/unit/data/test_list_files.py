"""Lists of one's own as people have them: other heads, delimiters and encodings; what is not clear is one sentence."""

import subprocess

import guides
import pytest
from test_own_lists import folder, own  # noqa: F401
from typed import type_them

from tcclip.data.splits.own_list import read_entries, read_own
from tcclip.errors import UserError

ROWS = [("day1/01.mp4", "opening a drawer"), ("day1/02.mp4", "pouring water"), ("day2/01.mp4", "opening a drawer")]
ROWS += [("day2/02.mp4", "pouring water")]


def lines(head: str, row: str) -> list[str]:
    return [head, *(row.format(n=n, path=path, label=label) for n, (path, label) in enumerate(ROWS))]


def videos(dataset) -> set[str]:
    classes, rows = read_own(dataset)
    assert classes == {"all": ["opening a drawer", "pouring water"]}
    return {video for split in rows.values() for video, _ in split}


WHOLE = {path.removesuffix(".mp4") for path, _ in ROWS}


@pytest.mark.parametrize(
    "text",
    [
        lines(",path,label", "{n},{path},{label}"),  # pandas' to_csv
        lines('"","path","label"', '"{n}","{path}","{label}"'),
        lines("Unnamed: 0,path,label", "{n},{path},{label}"),
        lines("index,path,label", "{n},{path},{label}"),
        lines("path,label", "{n},{path},{label}"),  # R's write.table
        lines("path\tlabel", "{path}\t{label}"),
        lines("\tpath\tlabel", "{n}\t{path}\t{label}"),
        lines("path;label", "{path};{label}"),
        lines("path|label", "{path}|{label}"),
        ["sep=;", *lines("path;label", "{path};{label}")],
        lines("Path,Label", "{path},{label}"),
        lines(" PATH , LABEL ", " {path} , {label} "),
        lines("\ufeffpath,label", "{path},{label}"),
        ["", *lines("\ufeff\ufeffpath,label", "{path},{label}")],
        lines("path,label,", "{path},{label},"),
        lines("path,label", "{path},{label},,"),
        lines("\u200bpath,label\u00a0", "{path}\u200b,\u00a0{label}\ufeff"),
        lines("label,path,_seconds", "{label},{path},10"),
        lines("#path,label", "{path},{label}"),
        lines("# path,label", "{path},{label}"),  # numpy's savetxt
        lines("#,path,label", "{n},{path},{label}"),
        ["# my kitchen", "# 2026", *lines("path,label", "{path},{label}")],
        [line + "\r" for line in lines("path,label", "{path},{label}")],
    ],
)
def test_a_list_whose_meaning_is_clear_is_read(folder, text):  # noqa: F811
    assert videos(own(folder, text)) == WHOLE


@pytest.mark.parametrize(
    "text, sentence",
    [
        (
            lines("day0/01.mp4,pouring water", "{path},{label}"),
            "list.csv has no head: its first line is 'day0/01.mp4,pouring water', and path,label",
        ),
        (
            lines("day0/01.mp4\tpouring water", "{path}\t{label}"),
            r"has no head: its first line is 'day0/01.mp4\u0009pour",
        ),
        (lines("pouring water;day0/01.mp4", "{label};{path}"), "has no head"),
        (lines("day0/01.mp4 pouring water", "{path} {label}"), "separates path and label by blanks"),
        (lines("Path  Label", "{path}  {label}"), "separates path and label by blanks"),
        (
            lines("video_file,class_name", "{path},{label}"),
            "has another head: its first line is 'video_file,class_name'",
        ),
        (lines("class\tvideo", "{label}\t{path}"), "has another head"),
        ([*lines("id,class,video,part", "{n},{label},{path},train"), "9,open,b.mp4,test"], "has another head"),
        (lines("path,class", "{path},{label}"), "unknown column 'class': its first line is 'path,class'"),
        (lines("Video,Label", "{path},{label}"), "unknown column 'video'"),
        (lines("path,label,seconds", "{path},{label},10"), "unknown column 'seconds'"),
        (lines("path,label,index", "{path},{label},seven"), "unknown column 'index'"),
        (
            [*lines("path,label,spilt", "{path},{label},train"), "day3/02.mp4,pouring water,test"],
            "unknown column 'spilt'",
        ),
        (
            [*lines("path,label", "{path},{label}"), "day3/01.mp4,open, close", "a.mp4,open, close"],
            "line 6: 3 cells, and",
        ),
        ([*lines("path,label,split", "{path},{label},train"), "day3/01.mp4,open, close,test"], "line 6: 4 cells, and"),
        (
            lines("path,label,split", "{path},{label},train"),
            "list.csv says train for all of its 4 videos, and both train",
        ),
        (lines("path;Label;Split", "{path};{label};TEST"), "list.csv says test for all of its 4 videos"),
        (
            ["path,label,split", "a.mp4,pouring water,train", "b.mp4,opening a drawer,val"],
            "line 3: split must be train or",
        ),
        (
            [*lines("path,label", "{path},{label}"), "day1/01.mp4,a", "day1/02,b"],
            "line 6: day1/01.mp4 is listed in line",
        ),
    ],
)
def test_what_is_not_clear_is_one_sentence_and_the_command_it_prints_cures_it(folder, text, sentence):  # noqa: F811
    dataset = own(folder, text)
    with pytest.raises(UserError) as error:
        read_own(dataset)
    assert sentence in str(error.value)
    type_them(str(error.value), folder)
    assert "pouring water" in read_own(dataset)[0]["all"]


@pytest.mark.parametrize("encoding, sentence", [("utf-16", "is UTF-16"), ("cp1252", "byte 0xe9 in line 2")])
def test_another_encoding_is_named_and_the_command_converts_it(folder, encoding, sentence):  # noqa: F811
    dataset = own(folder)
    (folder / "list.csv").write_bytes("path,label,split\na.mp4,caf\xe9,train\nb.mp4,caf\xe9,test\n".encode(encoding))
    with pytest.raises(UserError, match=sentence) as error:
        read_own(dataset)
    type_them(str(error.value), folder)
    assert read_own(dataset)[0] == {"all": ["caf\xe9"]}


def test_a_workbook_is_named(folder):  # noqa: F811
    dataset = own(folder)
    (folder / "list.csv").write_bytes(b"PK\x03\x04\0\0" * 9)
    with pytest.raises(UserError, match=r"list\.csv is no text but a workbook"):
        read_own(dataset)


@pytest.mark.parametrize("text", [["day1.mp4"], ["a.mp4,b.mp4,c.mp4"]])
def test_a_list_without_head_that_nobody_understands_shows_its_first_line(folder, text):  # noqa: F811
    with pytest.raises(
        UserError, match=f"has no head: its first line is '{text[0]}', and path,label and, if you like,"
    ):
        read_own(own(folder, text))


def test_one_column_may_stand_twice_in_no_list(folder):  # noqa: F811
    with pytest.raises(UserError, match="with two columns path: take one of them out"):
        read_own(own(folder, ["path,path,label", "a.mp4,b.mp4,x"]))


AUTHORS = [f"{path} {3 if label.startswith('o') else 7}" for path, label in ROWS]


def test_two_lists_become_one_as_the_guide_says(folder):  # noqa: F811
    (folder / "names.csv").write_text("3,opening a drawer\n7,pouring water\n")
    dataset = own(folder, names="names.csv")
    (folder / "train.txt").write_text("\n".join(AUTHORS[:3]) + "\n")
    (folder / "test.txt").write_text(AUTHORS[3])
    (command,) = guides.blocks("adding_a_dataset.md", "sh")
    subprocess.run(["bash", "-ec", command], cwd=folder, check=True)
    rows = read_own(dataset)[1]
    assert rows["test1"] == [("day2/02", 1)] and len(rows["train1"]) == 3


def test_a_list_that_is_there_twice_is_repaired_by_a_short_command(folder):  # noqa: F811
    lines = [f"{number}.mp4,{'jump' if number % 2 else 'run'}" for number in range(1000)]
    with pytest.raises(UserError, match=r"\(1000 lines list a video again\)") as error:
        read_own(own(folder, ["path,label", *lines, *lines]))
    assert len(str(error.value)) < 300
    type_them(str(error.value), folder)
    assert (folder / "list.csv").read_text().splitlines() == ["path,label", *lines]


@pytest.mark.parametrize(
    "rows",
    [
        ['"day1/01.mp4,a', "day1/02.mp4,b"],
        ['day1/01.mp4,"a', "day1/02.mp4,b", "day1/03.mp4,b"],
        ['"day1/01.mp4,a', '"day1/02.mp4,b'],  # the second quote closes the first
        ['day1/01.mp4,"a', 'day1/02.mp4,"b, c"'],
        ['day1/01.mp4,"a'],  # the last line
        ['day1/01.mp4,"a', ""],
        ['"day1/01.mp4,a', ""],
        ['day1/01.mp4,"a', *(f"day2/{number}.mp4,b" for number in range(20_000))],  # longer than a cell may be
    ],
)
def test_a_quote_that_is_not_closed_is_said_with_its_line(folder, rows):  # noqa: F811
    with pytest.raises(UserError, match=r'list\.csv, line 3: a quote \("\) is opened in this line and not closed'):
        read_own(own(folder, ["path,label", "day0/1.mp4,a", *rows]))


TWO_LINES = ["path,label", "a.mp4,x", 'b.mp4,"one', 'label"', "c.mp4,x"]


@pytest.mark.parametrize(
    "rows, sentence",
    [
        (
            ['a.mp4,"', ' "'],
            "line 6: the label is empty: write one, or deleting lines 6 to 7, which are one record, in an",
        ),
        (['b.mp4,"one', 'label"'], "line 6: b.mp4 is listed in line 3 already"),
        ([], "line 3: class 'one\nlabel' has one video"),
        (["d.mp4,open, close"], "line 6: 3 cells, and the first line has 2: put text with commas into quotes"),
    ],
)
def test_no_command_cuts_a_record_over_two_lines_in_half(folder, rows, sentence):  # noqa: F811
    with pytest.raises(UserError) as error:
        read_own(own(folder, [*TWO_LINES, *rows]))
    assert sentence in str(error.value) and "`" not in str(error.value)


def test_a_line_beside_a_record_over_two_lines_is_taken_out_whole(folder):  # noqa: F811
    dataset = own(folder, ["path,label", 'a.mp4,"x', 'y"', 'b.mp4,"x', 'y"', "c.mp4,z"])
    with pytest.raises(UserError, match="line 6: class 'z' has one video") as error:
        read_own(dataset)
    type_them(str(error.value), folder)
    assert read_own(dataset)[0] == {"all": ["x\ny"]}


def test_a_single_class_is_remarked(folder):  # noqa: F811
    assert read_entries(own(folder, ["path,label", "a.mp4,run", "b.mp4,run"])).remarks == [
        "Warning: list.csv has one class alone, 'run': every accuracy will be 100 %: list another"
    ]


def test_classes_that_a_mirror_exchanges_are_remarked_where_training_mirrors(folder):  # noqa: F811
    lines = ["path,label", "a.mp4,turn left", "b.mp4,Turn Right", "c.mp4,turn left", "d.mp4,Turn Right"]
    assert read_entries(own(folder, lines)).remarks == [
        "Warning: a mirrored video of 'Turn Right' shows 'turn left', and half of the training videos are mirrored: "
        "write `flip: false` into params/datasets/kitchen.yaml"
    ]
    assert read_entries(own(folder, lines, flip=False)).remarks == []
    one_side = [line.replace("Turn Right", "go straight") for line in lines]
    assert read_entries(own(folder, one_side)).remarks == []
