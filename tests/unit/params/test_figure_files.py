"""A figure's file says what is drawn of which videos, and a mistake in it is one sentence."""

import pytest

from tcclip.errors import UserError
from tcclip.params import PaperFigure, load_figure
from tcclip.params.reader import names, validate

RULE = {"right": "run-a", "wrong": "run-b"}
BASE = {"name": "f", "title": "F", "dataset": "hmdb51", "split": "test1"}


def figure(**parts):
    return validate({**BASE, **parts}, PaperFigure, "f.yaml")


def test_the_runs_of_a_figure_are_those_of_all_parts_once():
    found = figure(
        videos=[RULE, {"ids": {"mini": ["v"]}}],
        overlays={"runs": ["run-b", "run-c"]},
        context_tokens={"run": "run-a"},
        spread={"runs": {"joint": "run-d"}, "frames": [2, 4], "videos": 3},
    )
    assert found.runs == ["run-a", "run-b", "run-c", "run-d"]


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ({}, "draws nothing"),
        ({"overlays": {"runs": ["run-a"]}}, "go together"),
        ({"videos": [RULE], "bars": "table1"}, "go together"),
        ({"videos": [{"wrong": "run-a"}], "overlays": {"runs": ["run-a"]}}, "give either right"),
        ({"videos": [{**RULE, "ids": {"mini": ["v"]}}], "overlays": {"runs": ["run-a"]}}, "give either right"),
        ({"videos": [{"wrong": "b", "ids": {"mini": ["v"]}}], "overlays": {"runs": ["a"]}}, "wrong needs right"),
        ({"videos": [{**RULE, "order": "margins"}], "overlays": {"runs": ["run-a"]}}, "margins"),
        ({"videos": [RULE], "overlays": {"runs": []}}, "overlays.runs"),
    ],
)
def test_a_mistake_is_one_sentence_that_names_the_file(parts, sentence):
    with pytest.raises(UserError, match=r"^f\.yaml: ") as told:
        figure(**parts)
    assert sentence in str(told.value)


def test_the_papers_figures_are_there_and_an_unknown_one_is_told():
    assert names("figures") == ["figure1", "figure3", "figure6", "figure7"]
    assert all(load_figure(name).title.startswith(f"Figure {name[-1]}. ") for name in names("figures"))
    with pytest.raises(UserError, match="unknown figure 'figure2': did you mean"):
        load_figure("figure2")
