"""Texts from outside: the strict reader, and the commands of its sentences, typed as they are printed."""

import json
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from typed import commands, type_them

from tcclip.data.texts import descriptors, rephrased
from tcclip.data.texts.checked_texts import read_texts, write_texts
from tcclip.data.texts.faults import Wanted, refuse
from tcclip.data.texts.lengths import too_long
from tcclip.errors import UserError
from tcclip.params import load_dataset
from tcclip.params.dataset import Release

CLASSES = ("folding laundry", "HighJump", "rowing_boat")
SENTENCES = {
    "0": "Folding laundry: Someone lays one edge of a shirt on the other",
    "1": "High jump: An athlete runs up and leaps over a bar",
    "2": "Rowing a boat: Somebody pulls two oars",
}
SPATIAL = {"0": ["pile of shirts", "ironing board"], "1": ["bar", "foam mat"], "2": ["oars", "lake"]}
TEMPORAL = {"0": ["Lay it flat", "Fold it"], "1": ["Run up", "Leap over the bar"], "2": ["Dip the oars", "Pull them"]}


@pytest.fixture
def wanted(tmp_path):
    classes = tmp_path / "all.csv"
    classes.write_text("label,name\n" + "".join(f"{label},{name}\n" for label, name in enumerate(CLASSES)))
    return Wanted("kitchen", "rephrased", CLASSES, classes)


def read(path, wanted):
    texts, faults = rephrased.read(path, wanted)
    refuse(faults)
    return texts


def cured(path, wanted):
    """Type the commands of the sentences about a file until there is none; the sentences."""
    told = []
    for _ in range(4):
        try:
            return read(path, wanted), told
        except UserError as error:
            told.append(str(error))
            type_them(told[-1], path.parent)
    raise AssertionError(told)


def test_a_right_file_is_the_text_of_every_class_in_the_order_of_the_list(tmp_path, wanted):
    path = tmp_path / "all.json"
    path.write_text(json.dumps(SENTENCES, indent=2))
    assert read(path, wanted) == {name: (text,) for name, text in zip(CLASSES, SENTENCES.values(), strict=True)}


TEXT = json.dumps(SENTENCES, ensure_ascii=False).replace("Someone", "Søren")


@pytest.mark.parametrize(
    "content, said",
    [
        (b"\xef\xbb\xbf" + TEXT.encode(), "begins with a byte order mark"),
        (TEXT.encode("utf-16"), "is UTF-16 and must be UTF-8"),
        (TEXT.encode("utf-32"), "is UTF-32 and must be UTF-8"),
        (TEXT.encode("cp1252"), "line 1 is not UTF-8"),
        (json.dumps(list(SENTENCES.values())).encode(), "is a list and must be an object"),
        (json.dumps(dict(zip(CLASSES, SENTENCES.values(), strict=True))).encode(), "has class names as keys"),
        (json.dumps(dict(reversed(SENTENCES.items()))).encode(), 'key "2" is in the wrong place'),
    ],
)
def test_a_file_that_is_wrong_as_a_whole_is_repaired_by_the_command_that_the_sentence_prints(
    tmp_path, wanted, content, said
):
    path = tmp_path / "it's all.json"
    path.write_bytes(content)
    texts, told = cured(path, wanted)
    assert said in told[0] and str(path) in told[0]
    assert list(texts) == list(CLASSES) and texts["HighJump"] == (SENTENCES["1"],)
    assert texts["folding laundry"][0] in (SENTENCES["0"], SENTENCES["0"].replace("Someone", "Søren"))


@pytest.mark.parametrize(
    "content, said",
    [
        (
            '{"0": "a: b",\n "1" "c: d"}',
            r"line 2, column 6: no JSON \(Expecting ':' delimiter\): put it right there: \"1\" \"c: d\"}",
        ),
        ("", r"line 1, column 1: no JSON"),
        ('"a: b"', r'is no object: write \{"0": \.\.\., "1": \.\.\.\} with a key for each class there'),
        ('{"0": "a: b",\n"0": "c: d"}', r'key "0" is there twice, on lines 1 and 2: delete one of them'),
        (
            '{"0": "a: b", "7": "c: d"}',
            r'key "7" is no label of .*all\.csv, which has 3 classes, 0 to 2: delete it there',
        ),
    ],
)
def test_what_no_command_can_repair_names_line_or_key_and_the_edit(tmp_path, wanted, content, said):
    path = tmp_path / "all.json"
    path.write_text(content)
    with pytest.raises(UserError, match=said) as error:
        read(path, wanted)
    assert str(path) in str(error.value)


@pytest.mark.parametrize(
    "change, said",
    [
        ({"1": None}, 'it has no text "Name: one sentence"'),
        ({"1": ["High jump: a"]}, r"it is \['High jump: a'\] and must be one text"),
        ({"1": "An athlete leaps"}, "'An athlete leaps' is not of the form"),
        ({"1": ": An athlete leaps"}, "is not of the form"),
        ({"1": SENTENCES["0"]}, "the text is that of 'folding laundry', so that the texts are in another order"),
        ({"1": "Jump: up", "2": "Jump: up"}, "its text is that of 'HighJump' as well"),
        ({"1": "High jump: " + "up " * 39}, "it has 41 words, and 40 is the most"),
        (
            {"1": "High jump: " + "x1y2z3" * 12},
            r"it has \d+ tokens with the longest prompt around it, and 77 is the most",
        ),
    ],
)
def test_a_wrong_text_names_file_key_and_class_and_the_command_that_asks_again(tmp_path, wanted, change, said):
    path = tmp_path / "all.json"
    path.write_text(json.dumps({key: text for key, text in {**SENTENCES, **change}.items() if text is not None}))
    with pytest.raises(UserError, match=said) as error:
        read(path, wanted)
    place, name = ("1", "HighJump") if len(change) == 1 else ("2", "rowing_boat")
    assert f"{path}, key \"{place}\" ('{name}'): " in str(error.value)
    assert commands(str(error.value)) == ["tcclip texts ask kitchen rephrased"]
    texts, _ = rephrased.read(path, wanted)
    assert list(texts) == [right for right in CLASSES if right != name]  # what is right stays right


def test_released_texts_are_used_by_label_though_two_names_of_the_class_list_are_exchanged(tmp_path, wanted):
    path = tmp_path / "all.json"
    path.write_text(json.dumps({"0": "Kick: with a foot", "1": "Kick ball: with a foot", "2": "Laugh: aloud"}))
    released = Wanted("hmdb51", "rephrased", ("kick ball", "kick", "laugh"), wanted.classes, fetched=True)
    texts, faults = rephrased.read(path, released)
    assert not faults
    assert [text for (text,) in texts.values()] == ["Kick: with a foot", "Kick ball: with a foot", "Laugh: aloud"]


def write_descriptors(folder, spatial, temporal):
    paths = folder / "s.json", folder / "t.json"
    for path, content in zip(paths, (spatial, temporal), strict=True):
        path.write_text(json.dumps(content))
    return paths


def test_descriptors_are_the_spatial_and_then_the_temporal_ones(tmp_path, wanted):
    texts, faults = descriptors.read(*write_descriptors(tmp_path, SPATIAL, TEMPORAL), wanted)
    assert not faults and texts["HighJump"] == ("bar", "foam mat", "Run up", "Leap over the bar")


@pytest.mark.parametrize(
    "value, said",
    [
        (None, "it has no texts, and 2 are wanted"),
        ("bar", "it is 'bar' and must be a list of 2 texts"),
        (["bar", ""], r"it is \['bar', ''\] and must be a list of 2 texts"),
        (["bar"], "it has 1 texts, and 2 are wanted, as in the others"),
        (["bar", "Bar"], "its texts 1 and 2 are the same, 'Bar'"),
        (["bar", "x1y2z3" * 15], r"'x1y2z3.*' has \d+ tokens with the prompt around it"),
    ],
)
@pytest.mark.parametrize("form", ["s", "t"])
def test_wrong_descriptors_name_file_key_and_class(tmp_path, wanted, value, said, form):
    change = {"1": value} if value is not None else {}
    contents = [
        {**{key: text for key, text in content.items() if key != "1"}, **change} if own == form else content
        for own, content in (("s", SPATIAL), ("t", TEMPORAL))
    ]
    contents = [dict(sorted(content.items())) for content in contents]
    paths = write_descriptors(tmp_path, *contents)
    texts, faults = descriptors.read(*paths, wanted)
    with pytest.raises(UserError, match=said) as error:
        refuse(faults)
    assert f"{tmp_path / form}.json, key \"1\" ('HighJump'): " in str(error.value)
    assert list(texts) == ["folding laundry", "rowing_boat"]


def test_two_equal_descriptors_of_a_release_are_used_as_they_were_published(tmp_path, wanted):
    released = Wanted("k400", "descriptors", CLASSES, wanted.classes, fetched=True)
    paths = write_descriptors(tmp_path, {**SPATIAL, "1": ["bar", "bar"]}, TEMPORAL)
    assert not descriptors.read(*paths, released)[1]
    paths = write_descriptors(tmp_path, {**SPATIAL, "1": ["bar"]}, TEMPORAL)
    with pytest.raises(
        UserError, match=r"remove .*s\.json and call `tcclip texts check k400 descriptors`, which fetches it again"
    ):
        refuse(descriptors.read(*paths, released)[1])


def test_the_length_counts_the_tokens_of_the_longest_prompt_and_77_are_the_most():
    def text(words):
        return "High jump", "High jump: " + " ".join(["leap"] * words)

    around = 2 + 12  # start and end, a demonstration of a person practicing high jump . high jump :
    assert too_long("rephrased", [text(70), text(77 - around), text(78 - around)]) == {0: around + 70, 2: 78}


names = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)
strings = st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20), max_size=5)


@given(texts=st.dictionaries(names, strings, min_size=1, max_size=5))
def test_checked_texts_are_read_as_they_were_written(tmp_path_factory, texts):
    path = tmp_path_factory.mktemp("texts") / "descriptors-all.json"
    write_texts(path, texts)
    assert read_texts({"descriptors": path}) == {"descriptors": {name: tuple(of) for name, of in texts.items()}}
    assert len(path.read_text(encoding="utf-8").split("\n")) == len(texts) + 3  # one of them a line


def test_texts_that_are_not_there_name_the_command_that_makes_them(tmp_path):
    path = tmp_path / "splits/kitchen/texts/descriptors-all.json"
    with pytest.raises(
        UserError, match=f"{shlex.quote(str(path))} is not there: `tcclip texts check kitchen descriptors`"
    ):
        read_texts({"descriptors": path})


def test_a_class_list_that_a_dataset_has_not_is_named():
    content = load_dataset("hmdb51").model_dump(exclude={"texts"})
    said = r"texts\.rephrased: 'al' is no class list of this dataset: all, base, novel"
    with pytest.raises(ValidationError, match=said):
        Release.model_validate({**content, "texts": {"rephrased": {"al": "mine.json"}}})
