"""Class names of one's own: bare where vectors are a class's, and refused where a language model has to write first."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from described_world import TEXTS as DESCRIBED
from described_world import add_descriptors
from described_world import method as ost
from rephrased_world import TEXTS as REPHRASED
from rephrased_world import add_texts
from rephrased_world import method as froster
from tiny_source import source_of, subject_of, tiny
from tiny_world import CLASSES, make_world

from tcclip import Model
from tcclip.errors import UserError
from tcclip.params import load_method
from tcclip.prediction.classes import typed_names

pytestmark = pytest.mark.usefixtures("toy_tokenizer")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    world = make_world(tmp_path_factory.mktemp("world"))
    add_descriptors(world)
    add_texts(world)
    return world


@pytest.mark.parametrize(
    ("kind", "texts", "method"), [("descriptors", DESCRIBED, ost), ("rephrased", REPHRASED, froster)]
)
def test_methods_that_need_texts_refuse_other_classes_and_say_what_to_do(world, kind, texts, method):
    model = Model(source_of(world, subject_of(world, method(), kind, texts), texts), "cpu")
    assert len(model.network().tokens)
    some = model.network(CLASSES[:2])
    assert some.classes == 2
    with pytest.raises(
        UserError, match=f"needs {kind} of every class.*'jump' has none.*`tcclip texts ask DATASET {kind}`"
    ):
        model.network(["jump", CLASSES[0]])


def test_vectors_of_each_class_are_left_out_for_other_classes_with_a_remark(world, capsys):
    model = Model(source_of(world, subject_of(world, tiny("vita_clip"), "vita")), "cpu")
    assert model.network(CLASSES).composition.text.part is not None
    assert capsys.readouterr().err == ""
    assert model.network(["red ball", "jump"]).composition.text.part is None
    assert "these names are read without any" in capsys.readouterr().err


def test_a_run_with_rephrased_names_takes_typed_ones_as_they_are(world, capsys):
    method = load_method("vifi_clip", {"names.source": "llm", "names.otherwise": "vifi_clip"})
    model = Model(source_of(world, subject_of(world, method, "llm", REPHRASED), REPHRASED), "cpu")
    assert model.network(["jump", "run"]).classes == 2
    assert "these are read as they are typed" in capsys.readouterr().err


def test_names_are_a_list_without_doubles(world):
    model = Model(source_of(world, subject_of(world, tiny("vifi_clip"), "vifi")), "cpu")
    for names, words in (
        (["a", "a"], "named twice"),
        (["ride bike", "Ride  Bike"], r"'ride bike' and 'Ride \\u0020Bike' are one in two spellings"),
        (["say it's on", "say it\u2019s on"], "are one in two spellings, which CLIP reads alike"),
        (["drag & drop", "drag &amp; drop"], "are one in two spellings"),
        (["caf\u00e9", "cafe\u0301"], r"'caf\u00e9' and 'cafe\\u0301' are one in two spellings"),
        (["caf\udce9", "b"], r"class name 'caf\\udce9' is no UTF-8 text: type it where the locale is UTF-8"),
        (["a", " "], "one of the class names is empty"),
        ([], "is empty"),
        ("a, b", "are a list, not one text"),
    ):
        with pytest.raises(UserError, match=words):
            model.network(names)
    kept = model.network(CLASSES)
    assert model.network(CLASSES) is kept is not model.network(["a"])


def test_typed_names_stand_between_commas_and_in_quotes_with_a_comma() -> None:
    assert typed_names("pour water, open\nrun,\n") == ("pour water", "open", "run")
    assert typed_names('"pouring water, hot" , run, "a ""red"" ball"') == ("pouring water, hot", "run", 'a "red" ball')
    assert typed_names("[something] falling, say 'hi', don't") == ("[something] falling", "say 'hi'", "don't")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('["run", "jump"]', "is JSON: type the class names alone, between commas"),
        ("['run', 'jump']", r"class name '\['run'' has a stray bracket"),
        ("'run', 'jump'", "class name ''run'' has a stray quote: type the names alone"),
        ('"pouring water, hot', "class name '\"pouring water' has a stray quote"),
        ('"run" fast, jump', "class name '\"run\" fast' has a stray quote"),
    ],
)
def test_marks_of_a_list_that_was_copied_are_no_part_of_a_typed_name(text: str, says: str) -> None:
    with pytest.raises(UserError, match=says):
        typed_names(text)


def test_a_model_without_classes_asks_for_some(world):
    source = source_of(world, subject_of(world, tiny("vifi_clip"), "vifi"))

    def none():
        raise UserError("it is not trained and has no classes of its own")

    model = Model(dataclasses.replace(source, own=none), "cpu")
    with pytest.raises(UserError, match="no classes of its own"):
        model.predict("some.mp4")
