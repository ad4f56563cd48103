"""Lists of names beside lists of one's own whose labels are numbers or short words."""

import pytest
from test_list_files import ROWS, WHOLE, videos
from test_own_lists import folder, own  # noqa: F401
from typed import type_them

from tcclip.data.splits.own_list import read_entries, read_own
from tcclip.errors import UserError
from tcclip.params import load_dataset
from tcclip.stages import splits

AUTHORS = [f"{path} {3 if label.startswith('o') else 7}" for path, label in ROWS]


def test_a_list_of_names_in_utf_16_is_converted_as_a_list_is(folder):  # noqa: F811
    dataset = own(folder, AUTHORS, names="names.csv")
    (folder / "names.csv").write_bytes("3,opening a drawer\n7,pouring water\n".encode("utf-16"))
    with pytest.raises(UserError, match=r"names\.csv is UTF-16") as error:
        read_own(dataset)
    type_them(str(error.value), folder)
    assert videos(dataset) == WHOLE


def test_numbers_as_labels_are_told_and_a_list_of_names_is_begun(folder):  # noqa: F811
    dataset = own(folder, ["path,label", *(line.replace(" ", ",") for line in AUTHORS)])
    with pytest.raises(
        UserError, match=r"list\.csv, line 2: label '3' is a number as all labels are, and CLIP"
    ) as error:
        read_own(dataset)
    type_them(str(error.value), folder)
    dataset = load_dataset("kitchen")
    assert splits.inputs(dataset)[1:] == [
        folder.relative_to(folder) / "list.csv",
        folder.relative_to(folder) / "names.csv",
    ]
    with pytest.raises(UserError, match=r"names\.csv, line 1: the name of 3 is empty: write it in words"):
        read_own(dataset)
    (folder / "names.csv").write_text("3,opening a drawer\n7,pouring water\n")
    assert videos(dataset) == WHOLE


@pytest.mark.parametrize("label", ["3", "0.5", "class_3", "Class 3", "A003", "label-3", "#3"])
def test_a_number_with_a_word_that_says_no_more_is_a_number(folder, label):  # noqa: F811
    with pytest.raises(UserError, match="is a number as all labels are"):
        read_own(own(folder, ["path,label", f"a.mp4,{label}", f"b.mp4,{label}"]))


@pytest.mark.parametrize(
    "names",
    [
        "id,name\n3,opening a drawer\n7,pouring water\n9,never seen\n",
        'label;name\n3;"opening a drawer"\n7;pouring water\n',
        "3 opening a drawer\n7 pouring water\n",
        "# my kitchen\n3 opening a drawer\n# wet\n7 pouring water\n",
        "03: opening a drawer\r\n07: pouring water\r\n",
        "\n".join(["a", "b", "c", "opening a drawer", "d", "e", "f", "pouring water"]),
    ],
)
def test_the_authors_list_of_numbers_is_read_with_a_list_of_names(folder, names):  # noqa: F811
    (folder / "names.csv").write_text(names)
    dataset = own(folder, AUTHORS, names="names.csv")
    assert videos(dataset) == WHOLE
    assert videos(own(folder, ["path label", *AUTHORS], names="names.csv")) == WHOLE
    pictures = [line.replace(".mp4 ", " 40 ") for line in AUTHORS]  # folders of pictures, with their number
    assert videos(own(folder, pictures, names="names.csv")) == WHOLE


def test_short_words_have_names_too_and_classes_are_in_the_order_of_the_list_of_names(folder):  # noqa: F811
    (folder / "names.csv").write_text("label,name\npour,pouring water\nopen,opening a drawer\n")
    text = ["path,label,split", "a.mp4,pour,train", "b.mp4,open,test"]
    classes, rows = read_own(own(folder, text, names="names.csv"))
    assert classes == {"all": ["pouring water", "opening a drawer"]}
    assert rows == {"train1": [("a", 0)], "test1": [("b", 1)]}


@pytest.mark.parametrize(
    "names, sentence",
    [
        (
            "3,opening a drawer\n",
            r"list\.csv, line 2: label '7' has no name in names\.csv \(which names 3\): write 7,",
        ),
        ("3,a\n7,b\n3,c\n", r"names\.csv, line 3: 3 has a name already"),
        ("# of my kitchen\n1 open\n2 pour\n", r"label '3' has no name in names\.csv \(which names 1, 2\)"),
        (
            "idx name\n3 open\n7 pour\n",
            r"names\.csv, line 1: 'idx name' is not <number> <name>, as 2 of the 3 lines are",
        ),
        ("#c\n3,open\n7,pour\n", r"names\.csv, line 1: '#c' is not <number> <name>, as 2 of the 3 lines are"),
        ("3,open,verb\n7,pour,verb\n", r"names\.csv, line 1: '3,open,verb' has three columns as all lines have"),
        ("3,03\n7,07\n", r"names\.csv, line 1: the name of 3 is '03', a number as all names are"),
        ("", r"names\.csv has no names: write a line <label>,<name>"),
        (None, r"kitchen\.yaml: names: names\.csv is not there"),
    ],
)
def test_a_mistake_in_the_list_of_names_is_one_sentence(folder, names, sentence):  # noqa: F811
    if names is not None:
        (folder / "names.csv").write_text(names)
    with pytest.raises(UserError, match=sentence):
        read_own(own(folder, AUTHORS, names="names.csv"))


def test_numbers_of_a_few_labels_are_remarked(folder):  # noqa: F811
    text = ["path,label", "a.mp4,360", "b.mp4,360", "c.mp4,ollie", "d.mp4,ollie"]
    assert read_entries(own(folder, text)).remarks == [
        "list.csv, line 2: label '360' is a number among names, and CLIP reads it as a word"
    ]


def test_a_list_of_names_that_is_there_is_not_written_over(folder):  # noqa: F811
    (folder / "names.csv").write_text("3,opening a drawer\n7,pouring water\n")
    dataset = own(folder, ["path,label", *(line.replace(" ", ",") for line in AUTHORS)])
    with pytest.raises(UserError, match=r"if names\.csv, which is there, has the classes' names, name it") as error:
        read_own(dataset)
    type_them(str(error.value), folder)
    assert videos(load_dataset("kitchen")) == WHOLE
