"""The example of docs/own_dataset.md, executed: a folder of videos, a CSV and a YAML become a table."""

import csv
import json
import re

import pandas as pd
import pytest
import yaml
from projects import ROOT, Project, new_project
from small_videos import write_video

DOC = (ROOT / "docs/own_dataset.md").read_text()
CLASSES = {"01": "opening a drawer", "02": "pouring water"}
DAYS = 6  # one video of each class a day: 30 % of 6 are 2, and 4 remain for K = 4


def block(language: str) -> str:
    """The document's only block in a language, without the indentation of its list."""
    (found,) = re.findall(rf"^ *```{language}\n(.*?)^ *```", DOC, re.DOTALL | re.MULTILINE)
    return "".join(f"{line.strip()}\n" for line in found.splitlines())


@pytest.fixture(scope="module")
def kitchen(tmp_path_factory) -> Project:
    """The document's three steps and its commands, in a project whose few-shot trainings take seconds."""
    project = new_project(tmp_path_factory.mktemp("own") / "project")
    project.edit("params/suites/mini.yaml", lambda content: content.update(tables=["table2"]))
    rows = [(f"day{day}/{name}.mp4", label) for day in range(1, DAYS + 1) for name, label in CLASSES.items()]
    lines = ["path,label", *(",".join(row) for row in rows)]
    assert set(block("csv").splitlines()) <= set(lines)
    for path, _ in rows:
        write_video(project.folder / "my_videos" / path, frames=8)
    (project.folder / "my_videos/list.csv").write_text("\n".join(lines))
    (project.folder / "params/datasets/kitchen.yaml").write_text(block("yaml"))
    printed = project.run("bash", "-ec", block("bash")).stdout
    (project.folder / "printed.txt").write_text(printed)
    return project


def test_the_example_is_a_few_lines():
    assert len(block("yaml").splitlines()) <= 10
    assert yaml.safe_load(block("yaml"))["format"] == "csv"


def test_the_table_has_zero_shot_and_few_shot_of_all_methods(kitchen):
    with open(kitchen.folder / "reports/mini/tables/kitchen.csv", newline="") as file:
        cells = list(csv.DictReader(file))
    assert {cell["row"] for cell in cells} == {"Vanilla CLIP", "ViFi-CLIP", "TC-CLIP"}
    assert {cell["column"] for cell in cells} == {"zero_shot", "k2", "k4"}
    assert all(cell["source"] == "measured" and cell["n_videos"] == "4" for cell in cells)
    runs = {cell["column"]: cell["runs"] for cell in cells if cell["row"] == "TC-CLIP"}
    assert runs == {
        "zero_shot": "zero_shot-k400-tc_clip-s1024",
        "k2": "few_shot-kitchen-k2-tc_clip-s1024",
        "k4": "few_shot-kitchen-k4-tc_clip-s1024",
    }
    table = (kitchen.folder / "reports/mini/tables/kitchen.md").read_text()
    assert "Hands in a kitchen" in table and "Zero-shot" in table and "K=2" in table


def test_a_video_is_its_path_and_the_evaluation_by_hand_is_that_of_the_table(kitchen):
    run = kitchen.folder / "runs/mini/zero_shot-k400-tc_clip-s1024"
    predictions = pd.read_parquet(run / "predictions/kitchen-test1-2x1.parquet")
    assert len(predictions) == 4 and set(predictions["video"].str.split("/").str[1]) == {"01", "02"}
    top1 = json.loads((run / "metrics.json").read_text())["evaluations"]["kitchen-test1-2x1"]["top1"]
    assert f"top-1 kitchen-test1-2x1 {top1:.1f} %" in (kitchen.folder / "printed.txt").read_text()


def test_a_changed_list_makes_splits_and_trainings_stale_and_no_frames(kitchen):
    path = kitchen.folder / "my_videos/list.csv"
    before = path.read_text()
    path.write_text(before.replace("day6/01.mp4,opening a drawer", "day6/01.mp4,pouring water"))
    try:
        jobs = kitchen.jobs("kitchen")
    finally:
        path.write_text(before)
    assert jobs["splits_kitchen"] == 1 and jobs["train"] == 4
    assert not {"raw", "shard", "frames_index"} & jobs.keys()


def test_the_report_shows_the_table(kitchen):
    kitchen.snakemake("report")
    assert "Hands in a kitchen" in (kitchen.folder / "reports/mini/index.html").read_text()
