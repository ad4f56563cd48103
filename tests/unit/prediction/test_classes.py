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
        (["ride bike", "Ride  Bike"], "'ride bike' and 'Ride  Bike' are one in two spellings"),
        (["a", " "], "one of the class names is empty"),
        ([], "is empty"),
        ("a, b", "are a list, not one text"),
    ):
        with pytest.raises(UserError, match=words):
            model.network(names)
    kept = model.network(CLASSES)
    assert model.network(CLASSES) is kept is not model.network(["a"])


def test_a_model_without_classes_asks_for_some(world):
    source = source_of(world, subject_of(world, tiny("vifi_clip"), "vifi"))

    def none():
        raise UserError("it is not trained and has no classes of its own")

    model = Model(dataclasses.replace(source, own=none), "cpu")
    with pytest.raises(UserError, match="no classes of its own"):
        model.predict("some.mp4")
