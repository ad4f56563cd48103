"""Words of classes and of videos from outside: the strict reader, and the commands of its sentences."""

import pytest
from typed import commands, type_them

from tcclip.data.texts import words
from tcclip.data.texts.answer_files import put
from tcclip.data.texts.faults import Wanted, refuse
from tcclip.errors import UserError

WORDS = {
    "folding laundry": ["fold", "folding"],
    "HighJump": ["leap", "run up"],
    "rowing_boat": ["row", "pull the oars"],
}
CLASSES = tuple(WORDS)


@pytest.fixture
def wanted(tmp_path):
    classes = tmp_path / "all.csv"
    classes.write_text("label,name\n" + "".join(f"{label},{name}\n" for label, name in enumerate(CLASSES)))
    return Wanted("kitchen", "rephrased", CLASSES, classes)


@pytest.fixture
def word_folder(tmp_path, wanted):
    folder = tmp_path / "class words"
    folder.mkdir()
    for name, lines in WORDS.items():
        (folder / f"{name}.txt").write_text("".join(f"{line}\n" for line in [name, *lines]))
    return folder


def of_classes(folder, wanted):
    texts, faults = words.read_of_classes(folder, wanted)
    refuse(faults)
    return texts


def test_words_of_a_class_are_its_lines_without_its_own_name(word_folder, wanted):
    assert of_classes(word_folder, wanted) == {name: tuple(lines) for name, lines in WORDS.items()}
    (word_folder / "HighJump.txt").write_text("leap\n\nrun up")  # without its name, a blank line, no newline at the end
    assert of_classes(word_folder, wanted)["HighJump"] == ("leap", "run up")


def test_a_class_whose_name_holds_a_slash_has_its_words_below_a_folder(tmp_path):
    name = "holding a cup/glass"
    wanted = Wanted("kitchen", "class_words", (name,), tmp_path / "all.csv")
    put("class_words", [tmp_path / "words"], wanted, {name: ["drink", "hold"]})
    assert of_classes(tmp_path / "words", wanted) == {name: ("drink", "hold")}


def test_a_systems_shadow_of_a_file_is_not_renamed_to_a_file_that_is_missing(word_folder, wanted):
    (word_folder / "HighJump.txt").rename(word_folder / "._HighJump.txt")
    with pytest.raises(UserError) as error:
        of_classes(word_folder, wanted)
    assert "HighJump" in str(error.value) and "._" not in str(error.value)


@pytest.mark.parametrize(
    "lines, said",
    [
        (["leap", "HighJump", "Leap", "leap", "run up"], "line 3 ('HighJump'): 'Leap' is there twice"),
        (["HighJump", "HighJump", "leap", "run up"], "line 2 ('HighJump'): 'HighJump' is there twice"),
        (
            ["leap", "High Jump", "high_jump", "run up"],
            "line 2 ('HighJump'): 'High Jump' is the class's own name in another spelling",
        ),
        (["leap.", "run up."], "line 1 ('HighJump'): 'leap.' ends with a full stop"),
        (["leap", "x1y2z3" * 15, "run up"], "tokens with the prompt around it"),
    ],
)
def test_a_wrong_line_of_a_classs_words_is_repaired_by_the_command_of_the_sentence(word_folder, wanted, lines, said):
    path = word_folder / "HighJump.txt"
    path.write_text("".join(f"{line}\n" for line in lines))
    with pytest.raises(UserError) as error:
        of_classes(word_folder, wanted)
    assert str(path) in str(error.value) and said in str(error.value)
    type_them(str(error.value), word_folder)
    assert of_classes(word_folder, wanted)["HighJump"] == ("leap", "run up")


def test_a_file_that_is_called_otherwise_is_renamed_and_one_that_is_missing_is_asked_for(word_folder, wanted):
    (word_folder / "HighJump.txt").rename(word_folder / "high jump.txt")
    with pytest.raises(UserError, match=r"HighJump\.txt \('HighJump'\): is not there, and high jump\.txt is") as error:
        of_classes(word_folder, wanted)
    type_them(str(error.value), word_folder)
    assert list(of_classes(word_folder, wanted)) == list(CLASSES)
    (word_folder / "HighJump.txt").unlink()
    with pytest.raises(UserError, match=r"HighJump\.txt \('HighJump'\): is not there") as error:
        of_classes(word_folder, wanted)
    assert commands(str(error.value)) == ["tcclip texts ask kitchen rephrased"]


VIDEOS = {"0/clip_a": "train/0/clip_a.mp4", "2/clip_b": "train/2/clip_b.x.mp4"}


def of_videos(folder, wanted, fmt="csv"):
    texts, faults = words.read_of_videos(folder, VIDEOS, fmt, wanted)
    refuse(faults)
    return texts


def test_the_words_of_a_video_are_in_the_folder_of_its_folder_and_may_be_none(tmp_path, wanted):
    (tmp_path / "0").mkdir()
    (tmp_path / "0/clip_a.txt").write_text("stand\nstanding\n")
    with pytest.raises(UserError, match=r"2/clip_b\.txt \('2/clip_b'\): is not there") as error:
        of_videos(tmp_path, wanted)
    touch, ask = commands(str(error.value))
    assert ask == "tcclip texts ask kitchen rephrased"
    type_them(f"`{touch}`", tmp_path)
    assert of_videos(tmp_path, wanted) == {"0/clip_a": ("stand", "standing"), "2/clip_b": ()}


@pytest.mark.parametrize(
    "lines, said", [("sit\nSit\nrow\n", "is there twice"), ("sit\npick up\nrow\n", "is more than one word")]
)
def test_a_wrong_word_of_a_video_is_removed_by_the_command_of_the_sentence(tmp_path, wanted, lines, said):
    for place in ("0/clip_a", "2/clip_b"):
        (tmp_path / place).parent.mkdir()
        (tmp_path / f"{place}.txt").write_text("")
    (tmp_path / "2/clip_b.txt").write_text(lines)
    with pytest.raises(UserError, match=said) as error:
        of_videos(tmp_path, wanted)
    type_them(str(error.value), tmp_path)
    assert of_videos(tmp_path, wanted)["2/clip_b"] == ("sit", "row")


def test_words_of_kinetics_videos_are_found_by_the_youtube_id_in_any_folder(tmp_path, wanted):
    clip = "abc_defghij_000010_000020"
    (tmp_path / "some class").mkdir()
    (tmp_path / f"some class/{clip}.txt").write_text("sit\n")
    videos = {"abc_defghij": f"train/{clip}.mp4"}
    texts, faults = words.read_of_videos(tmp_path, videos, "kinetics", wanted)
    assert not faults and texts == {"abc_defghij": ("sit",)}
    (tmp_path / "abc_defghij.txt").write_text("sit\n")
    assert "are both called like it" in str(words.read_of_videos(tmp_path, videos, "kinetics", wanted)[1][0])
