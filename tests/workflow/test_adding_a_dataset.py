"""docs/adding_a_dataset.md, followed to the letter: files and commands become a table of one's own videos."""

import csv
import json

import guides
import pandas as pd
import pytest
import yaml
from projects import Project, new_project
from small_videos import write_video

GUIDE = "adding_a_dataset.md"
FILES = guides.files(GUIDE)
OWN, ANOTHER = guides.blocks(GUIDE, "bash")
(LIST,) = guides.blocks(GUIDE, "csv")
CLASSES = {"01": "opening a drawer", "02": "pouring water"}
DAYS = 6  # one video of each class a day: 30 % of 6 are 2, and 4 remain for K = 4


@pytest.fixture(scope="module")
def kitchen(tmp_path_factory) -> Project:
    """The guide's three steps and its commands, in a project whose few-shot trainings take seconds."""
    project = new_project(tmp_path_factory.mktemp("own") / "project")
    project.edit("params/suites/mini.yaml", lambda content: content.update(tables=["table2"]))
    rows = [(f"day{day}/{name}.mp4", label) for day in range(1, DAYS + 1) for name, label in CLASSES.items()]
    lines = ["path,label", *(",".join(row) for row in rows)]
    assert set(LIST.splitlines()) <= set(lines)
    for path, _ in rows:
        write_video(project.folder / "my_videos" / path, frames=8)
    (project.folder / "my_videos/list.csv").write_text("\n".join(lines))
    (project.folder / "params/datasets/kitchen.yaml").write_text(FILES["params/datasets/kitchen.yaml"])
    printed = project.run("bash", "-ec", OWN).stdout
    (project.folder / "printed.txt").write_text(printed)
    return project


def test_the_example_is_a_few_lines():
    text = FILES["params/datasets/kitchen.yaml"]
    assert len(text.splitlines()) <= 10
    assert yaml.safe_load(text)["format"] == "csv"


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


def test_another_release_is_a_list_made_by_a_script(tmp_path):
    project = new_project(tmp_path / "project")
    guides.write(GUIDE, project.folder)
    (project.folder / "params/datasets/kitchen.yaml").unlink()
    release = project.folder / "my_videos/diving48"
    (release / "Diving48_vocab.json").write_text(json.dumps([["Back", "15som"], ["Reverse", "25som", "PIKE"]]))
    (release / "Diving48_V2_train.json").write_text(json.dumps([{"vid_name": "a_01", "label": 1, "end_frame": 9}]))
    (release / "Diving48_V2_test.json").write_text(json.dumps([{"vid_name": "b_02", "label": 0, "end_frame": 9}]))
    printed = project.run("bash", "-ec", ANOTHER).stdout
    assert "few_shot-diving48-k16-tc_clip-s1024" in printed
    lines = (release / "list.csv").read_text().splitlines()
    assert lines == ["path,label,split", "a_01.mp4,Reverse 25som PIKE,train", "b_02.mp4,Back 15som,test"]
