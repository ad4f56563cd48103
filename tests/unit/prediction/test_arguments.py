"""Arguments of another kind than the guide names are one sentence, of one kind of error, and nothing is computed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_source import source_of, subject_of, tiny
from tiny_world import make_world

import tcclip
from tcclip import Model
from tcclip.data.videos import scanned
from tcclip.errors import UserError
from tcclip.params.protocol import MOST, parse_views
from tcclip.prediction.arguments import checked_count, checked_paths

VIDEO = "v.mp4"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    world = make_world(tmp_path_factory.mktemp("world"))
    return Model(source_of(world, subject_of(world, tiny("tc_clip"))), "cpu")


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda m: m.predict(VIDEO, top="3"), "top must be a whole number from 1 on .got '3'"),
        (lambda m: m.predict(VIDEO, top=0), "top must be a whole number from 1 on .got 0"),
        (lambda m: m.predict(VIDEO, top=True), "top must be a whole number from 1 on .got True"),
        (lambda m: m.predict(VIDEO, views=(4, 3)), r'views must be text, for example "4x3" .got \(4, 3\)'),
        (lambda m: m.predict(VIDEO, views=""), "views must be clips x crops"),
        (lambda m: m.predict(VIDEO, [1, 2]), "a class name must be text, .* .got 1"),
        (lambda m: m.predict(VIDEO, 5), "class names are a list of texts .got 5"),
        (lambda m: m.predict(VIDEO, dataset=3), "dataset must be text"),
        (lambda m: m.predict(VIDEO, dataset="tiny", split=3), "split must be text"),
        (lambda m: m.predict(VIDEO, split="test"), "split 'test' is a dataset's: name the dataset too"),
        (lambda m: m.predict(None), "videos must be a path or several, as text .got None"),
        (lambda m: m.predict([VIDEO, None]), "a video must be a path or a name as text .got None"),
        (lambda m: m.predict(b"v.mp4"), "videos must be a path or several, as text .got b'v.mp4'"),
        (lambda m: m.predict(""), "a video is empty: name a file"),  # and not all below the working directory
        (lambda m: m.features(None), "videos must be a path or several"),
        (lambda m: m.attention(None), "videos must be a path or several"),
        (lambda m: m.attention(VIDEO, layer="3"), "layer must be a whole number from 1 on"),
        (lambda m: m.attention(VIDEO, of_class=3), "of_class must be text"),
        (lambda m: m.context_tokens(VIDEO, layer=0), "layer must be a whole number from 1 on"),
        (lambda m: m.class_of(None), "a video must be a path or a name as text .got None"),
        (lambda m: tcclip.load(None), "a run must be a path or a name as text .got None"),
        (lambda m: tcclip.load("run", suite=None), "suite must be text"),
        (lambda m: Model(m._source, device=None), "device must be text"),
        (lambda m: Model(m._source, precision=16), "precision must be text"),
    ],
)
def test_what_a_function_does_not_take_is_one_sentence(
    model: Model, call: Callable[[Model], Any], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanned.Scanner, "scanning", lambda *_: pytest.fail("a file is scanned"))
    with pytest.raises(UserError, match=says) as raised:
        call(model)
    assert "--" not in str(raised.value)


def test_numbers_of_numpy_paths_and_generators_are_taken() -> None:
    assert checked_count(np.int64(3), "top") == 3
    assert checked_paths(Path("a.mp4")) == ["a.mp4"]
    assert checked_paths(path for path in (Path("a.mp4"), "b.mp4")) == ["a.mp4", "b.mp4"]


def test_a_layer_that_is_none_of_the_models_is_told_without_an_option(model: Model) -> None:
    with pytest.raises(UserError, match=r"^layer must be 1 to \d+ for this model .got 99"):
        model.attention("test1", dataset="tiny", layer=99)


def test_more_views_than_differ_are_refused() -> None:
    assert parse_views(f"{MOST}x3").temporal == MOST
    for text in (f"{MOST + 1}x3", "100000x3"):
        with pytest.raises(UserError, match=f"views must have {MOST} clips at most .got '{text}'"):
            parse_views(text)
    for text in ("4", "4x2", "0x1", "-1x3", "\u00b2x1", "4x3x1"):
        with pytest.raises(UserError, match="views must be clips x crops"):
            parse_views(text)
