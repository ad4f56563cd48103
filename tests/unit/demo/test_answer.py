"""The demo's answer: it grows, is the model's own, and is a sentence where there is nothing to answer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tcclip.attention.opened_run import Clip
from tcclip.attention.reading import SeenClip
from tcclip.attention.tokens import ContextTokens
from tcclip.demo.answer import Answer, answers
from tcclip.errors import UserError
from tcclip.prediction import Prediction

CLIP = Clip(np.array([2, 6]), np.zeros((2, 8, 8, 3), dtype=np.uint8), None, (8, 8))
BEST = {"pouring water": 0.75, "opening a drawer": 0.25}


class Stub:
    """In the place of a model."""

    name = "zero_shot-x"
    classes: Any = ("red ball", "green star")

    def __init__(self, tokens: bool = True, defect: str = "", broken: bool = False) -> None:
        self.asked: list[Sequence[str] | None] = []
        self._tokens, self._defect, self._broken = tokens, defect, broken

    def predict(self, video: Path, names: Sequence[str] | None, top: int) -> list[Prediction]:
        self.asked.append(names)
        best = {} if self._broken else BEST
        return [Prediction(str(video), tuple(best), (0, 1), (3.0, 1.0), tuple(best.values()), self._defect)]

    def attention(self, video: Path, names: Sequence[str] | None) -> SeenClip:
        self.asked.append(names)
        return SeenClip(self.name, CLIP, np.full((2, 4), 0.1, dtype=np.float32), 0.2, list(BEST.items()))

    def context_tokens(self, video: Path) -> ContextTokens:
        if not self._tokens:
            raise UserError(f"run {self.name} has no context tokens")
        return ContextTokens(self.name, CLIP, np.full((1, 2, 4), 0.125, dtype=np.float32), 3)


class Untrained(Stub):
    """A model without classes of its own."""

    @property
    def classes(self) -> Any:
        raise UserError("none")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


def last(model: Any, video: str | None, names: str = "") -> Answer:
    return list(answers(model, video, names))[-1]


def test_an_answer_grows_and_every_part_is_asked_about_the_typed_names() -> None:
    model = Stub()
    grown = list(answers(model, "/up/a.mp4", "opening a drawer,\n pouring water,"))
    assert [(bool(each.best), bool(each.attention), bool(each.tokens)) for each in grown] == [
        (False, False, False),
        (True, False, False),
        (True, True, False),
        (True, True, True),
    ]
    assert model.asked == [("opening a drawer", "pouring water")] * 2
    assert grown[-1].best == BEST and grown[-1].said == "" and all(each.said for each in grown[:-1])
    for picture in (grown[-1].attention, grown[-1].tokens):
        with Image.open(picture) as drawn:
            assert drawn.format == "PNG" and drawn.width > 300


def test_dollars_in_a_videos_name_are_no_formula() -> None:
    assert last(Stub(), "/up/$a^$.mp4").tokens


def test_without_names_they_are_those_of_the_training_and_an_untrained_model_asks_for_some() -> None:
    model = Stub()
    last(model, "a.mp4", " ,\n")
    assert model.asked == [None, None]
    assert last(Untrained(), "a.mp4") == Answer("Type class names to choose from: zero_shot-x has none of its own")


def test_what_is_no_video_is_a_sentence_that_does_not_tell_where_it_lies() -> None:
    broken = Stub(broken=True, defect="cannot be opened (/up/x/a.mp4: invalid data)")
    assert last(broken, "/up/x/a.mp4").said == (
        "a.mp4 is no video that can be read: cannot be opened (a.mp4: invalid data)"
    )
    assert last(broken, None).said == "Drop a video first"
    model = Stub()
    assert last(model, "/up/list.TXT").said == "list.TXT is a text and no video" and model.asked == []


def test_a_shorter_video_and_a_model_without_context_tokens_are_told_beside_the_answer() -> None:
    short = last(Stub(defect="3 frames of 9"), "/up/a.mp4")
    assert short.said == "a.mp4: 3 frames of 9" and short.best and short.tokens
    without = last(Stub(tokens=False), "/up/a.mp4")
    assert without.said == "run zero_shot-x has no context tokens." and without.attention and not without.tokens
