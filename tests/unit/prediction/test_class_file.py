"""A file of class names is read as it is meant, or refused: no number, quote or head ever becomes part of a name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from small_videos import write_video

from tcclip.errors import UserError
from tcclip.prediction.class_file import read_class_file

NAMES = ("pour water", "open drawer")


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "names.txt"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "text",
    [
        "pour water\n\n  open drawer",
        '"pour water"\n"open drawer"\n',
        'pour water\r\n"open drawer"\r\n',
        "\ufefflabel,name\n0,pour water\n1,open drawer\n",
        'Label; Name\n0;pour water\n1;"open drawer"\n',
        '"label","name"\n"0","pour water"\n"1","open drawer"\n',
        "id,name\n0,pour water\n1,open drawer\n",
        "0 pour water\n1 open drawer\n",
        "0,pour water\n1,open drawer\n",
        "0: pour water\n1: open drawer\n",
        "# my classes\npour water\n#\nopen drawer\n",
        "# my classes\n0 pour water\n1 open drawer\n",
    ],
)
def test_names_stand_alone_or_numbered_as_a_datasets_may_be(tmp_path: Path, text: str) -> None:
    assert read_class_file(written(tmp_path, text)) == NAMES


def test_what_belongs_to_a_name_stands_in_quotes(tmp_path: Path) -> None:
    names = ("100 m sprint", "dog, big", "# one", 'a "red" ball', "name", "step 0")
    lines = ['"{}"'.format(name.replace('"', '""')) for name in names]
    assert read_class_file(written(tmp_path, "\n".join(lines))) == names
    assert read_class_file(written(tmp_path, "dog, big\ncat")) == ("dog, big", "cat")
    assert read_class_file(written(tmp_path, 'label,name\n0,"dog, big"\n1,"2 cats"')) == ("dog, big", "2 cats")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name,label\npour water,0\nopen drawer,1\n", "line 1: 'name,label' is another head than label,name"),
        ("pour water,0\nopen drawer,1\n", "line 1: 'pour water,0' has a number behind a name"),
        ('cut\n"pour water", 1\n', "line 2: '\"pour water\", 1' has a number behind a name"),
        ("pour water 0\nopen drawer 1\n", "line 1: 'pour water 0' has a number or a mark beside a name"),
        ("pour water\n1 open drawer\n", "line 2: '1 open drawer' begins with a number, and other lines do not"),
        ("1. pour water\n2. open drawer\n", "line 1: '1. pour water' has a number or a mark beside a name"),
        ("- pour water\n- open drawer\n", "line 1: '- pour water' has a number or a mark beside a name"),
        ("1 pour water\n2 open drawer\n", "line 1: '1 pour water' is not 0 and a name: labels count 0, 1, 2"),
        ("label,name\n0,pour water\n2,open drawer\n", "line 3: '2,open drawer' is not 1 and a name"),
        ("label,name\n0,dog, big\n", "line 2: '0,dog, big' is not 0 and a name: labels .* with commas .* in quotes"),
        ("label,name\npour water\n", "line 2: 'pour water' is not 0 and a name"),
        ("label,name\n0,\n", "line 2: the name of 0 is empty"),
        ("name\npour water\n", "line 1: 'name' is a column's name and no class: `sed -i 1d .*` deletes it"),
        ("pour,pouring water\nopen,opening a drawer\n", "line 1: 'pour,pouring water' has several cells"),
        ("pour water, open drawer\n", "line 1: 'pour water, open drawer' has several cells"),
        ("0\n1\n", "line 1: '0' is a number, as every line, and CLIP reads names as words"),
        ('[\n  "run",\n  "jump"\n]\n', r"names\.txt is JSON: write the names alone, one a line"),
        ('{"0": "run",\n "1": "jump"}', r"names\.txt is JSON: write the names alone, one a line"),
        ('"run",\njump\n', "line 1: '\"run\",' has a stray quote: write the names alone, one a line"),
        ("run\njump,\n", "line 2: 'jump,' ends with a mark that parts names"),
        ("run\n'jump'\n", "line 2: ''jump'' has a stray quote"),
        ("names = [\nrun\n", r"line 1: 'names = \[' has a stray bracket"),
        ("\n \n", r"names\.txt is empty: --class-file names a file with a class name a line"),
    ],
)
def test_a_line_that_is_something_else_is_refused_with_the_place_and_what_to_write(
    tmp_path: Path, text: str, says: str
) -> None:
    with pytest.raises(UserError, match=says):
        read_class_file(written(tmp_path, text))


def test_what_is_no_file_of_names_is_told_and_nobody_is_advised_to_write_over_it(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=f"{tmp_path} is a folder: --class-file names a file"):
        read_class_file(tmp_path)
    with pytest.raises(UserError, match=r"none\.txt is not there: --class-file names a file"):
        read_class_file(tmp_path / "none.txt")
    os.mkfifo(tmp_path / "pipe.txt")
    with pytest.raises(UserError, match=r"pipe\.txt is no regular file: --class-file names a file"):
        read_class_file(tmp_path / "pipe.txt")
    with pytest.raises(UserError, match=r"v\.mp4 is no text but .* another program's file") as raised:
        read_class_file(write_video(tmp_path / "v.mp4", frames=2))
    assert "iconv" not in str(raised.value)
    (tmp_path / "wide.txt").write_bytes("pour\n".encode("utf-16"))
    with pytest.raises(UserError, match=r"wide\.txt is UTF-16 .* `iconv -f UTF-16"):
        read_class_file(tmp_path / "wide.txt")
