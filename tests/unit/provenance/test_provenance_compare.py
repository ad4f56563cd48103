"""What two folders of one run differ in is found and named."""

import json

import pandas as pd
import pytest
import torch
from safetensors.torch import save_file
from typer.testing import CliRunner

from tcclip.cli.app import app
from tcclip.provenance.compare import compare_environments, compare_numbers, compare_predictions, compare_weights
from tcclip.provenance.reproduce import evaluated_elsewhere


def weights(path, **changes):
    save_file({"a": torch.zeros(3), "b": torch.ones(2), **changes}, path)
    return path


def predictions(folder, scores=(0.6, 0.4), classes=(1, 0), video="v1"):
    folder.mkdir()
    table = {"video": [video, "v2"], "label": [1, 0], "top5_classes": [list(classes), [0, 1]]}
    table["top5_scores"] = [list(scores), [0.9, 0.1]]
    pd.DataFrame(table).to_parquet(folder / "ucf101-test1-2x1.parquet")
    return folder


def test_equal_weights_have_no_differences(tmp_path):
    assert compare_weights(weights(tmp_path / "1"), weights(tmp_path / "2")) == []


def test_one_other_bit_of_the_weights_is_a_difference(tmp_path):
    almost_one = torch.tensor([1.0, 1.0 + 2**-23])
    found = compare_weights(weights(tmp_path / "1"), weights(tmp_path / "2", b=almost_one))
    assert found == ["weights: 1 of 2 tensors differ, by up to 1.19e-07 (b, ...)"]


def test_other_tensors_and_other_shapes_are_differences(tmp_path):
    ours = weights(tmp_path / "1")
    assert compare_weights(ours, weights(tmp_path / "2", c=torch.ones(1))) == [
        "weights: 1 tensors are only on one side"
    ]
    assert "1 of 2 tensors differ" in compare_weights(ours, weights(tmp_path / "3", b=torch.ones(5)))[0]


def test_equal_predictions_are_counted_and_have_no_differences(tmp_path):
    assert compare_predictions(predictions(tmp_path / "1"), predictions(tmp_path / "2")) == (1, [])


def test_other_scores_are_counted_apart_from_other_first_classes(tmp_path):
    ours = predictions(tmp_path / "1")
    _, found = compare_predictions(ours, predictions(tmp_path / "2", scores=(0.5, 0.4)))
    told = "predictions ucf101-test1-2x1: 1 of 2 videos have other scores, by up to 0.1"
    assert found == [f"{told}; 0 another first class"]
    _, found = compare_predictions(ours, predictions(tmp_path / "3", classes=(0, 1)))
    assert found[0].endswith("; 1 another first class")


def test_other_videos_and_missing_evaluations_are_differences(tmp_path):
    ours = predictions(tmp_path / "1")
    assert compare_predictions(ours, predictions(tmp_path / "2", video="v3"))[1] == [
        "predictions ucf101-test1-2x1: other videos"
    ]
    (tmp_path / "empty").mkdir()
    count, found = compare_predictions(ours, tmp_path / "empty")
    assert count == 0 and "the commit's tables do not ask for it" in found[0]


@pytest.mark.parametrize("column", ["label", "correct1", "correct5"])
def test_other_labels_and_hits_are_differences_whatever_was_predicted(tmp_path, column):
    folders = [predictions(tmp_path / name) for name in ("1", "2")]
    for folder, values in zip(folders, ([1, 0], [0, 0]), strict=True):
        path = folder / "ucf101-test1-2x1.parquet"
        pd.read_parquet(path).assign(**{column: values}).to_parquet(path)
    assert compare_predictions(*folders) == (1, [f"predictions ucf101-test1-2x1: other values of {column}"])


@pytest.mark.parametrize("number", ["top1", "top5", "n_videos"])
def test_other_numbers_of_an_evaluation_are_differences_and_another_place_is_none(tmp_path, number):
    numbers = {"top1": 50.0, "top5": 90.0, "n_videos": 2}
    for name, other in (("1", {}), ("2", {}), ("3", {number: 7})):
        (tmp_path / name).mkdir()
        content = {"evaluations": {"ucf101-test1-2x1": {**numbers, **other, "made_by": {"at": name}}}}
        (tmp_path / name / "metrics.json").write_text(json.dumps(content))
    assert compare_numbers(tmp_path / "1", tmp_path / "2") == []
    found = compare_numbers(tmp_path / "1", tmp_path / "3")
    assert found == [f"metrics ucf101-test1-2x1: {number} was {numbers[number]}, is 7"]


def test_a_run_without_predictions_is_not_called_the_same(tmp_path):
    assert compare_predictions(tmp_path / "none", predictions(tmp_path / "2"))[1] == [
        "predictions: there are none, so that nothing can be compared"
    ]


@pytest.mark.parametrize(
    ("cell", "sentence"),
    [
        (("table6", "TC-CLIP", "gflops"), "was counted or measured by `tcclip bench`"),
        (("table5", "TC-CLIP", "frames"), "follows from the params of method tc_clip"),
        (("table6", "Vita-CLIP", "few_shot"), "nothing is run for it"),
    ],
)
def test_a_cell_without_runs_is_not_said_to_come_out_the_same(cell, sentence):
    done = CliRunner().invoke(app, ["reproduce", *cell])
    assert done.exit_code == 1 and sentence in done.output


def test_another_machine_is_named_and_another_time_is_not(tmp_path):
    for name, cpu, time in (("here", "A", "2026-01-01"), ("there", "B", "2026-01-02")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "environment.json").write_text(f'{{"cpu": "{cpu}", "finished": "{time}"}}')
    assert compare_environments(tmp_path / "here", tmp_path / "there") == ["environment cpu: was A, is B"]


def test_evaluations_of_another_commit_are_named(tmp_path):
    def made(commit):
        return {"made_by": {"git": {"commit": commit, "dirty": False}}}

    evaluations = {"new": made("b"), "old": made("a"), "imported": {}}
    (tmp_path / "metrics.json").write_text(json.dumps({"evaluations": evaluations}))
    assert evaluated_elsewhere(tmp_path, "a") == ["evaluation new: was made at commit b, is at a"]
