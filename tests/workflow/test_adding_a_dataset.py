"""docs/adding_a_dataset.md, followed to the letter: one's own videos, a release as a CSV, a format of its own."""

import csv
import json
import shutil

import guides
import pandas as pd
import pytest
import yaml
from projects import Project, new_project
from small_videos import write_video

GUIDE = "adding_a_dataset.md"
FILES = guides.files(GUIDE)
OWN, RELEASE, FORMAT = guides.blocks(GUIDE, "bash")
(LIST,) = guides.blocks(GUIDE, "csv")
CLASSES = {"01": "opening a drawer", "02": "pouring water"}
DAYS = 6  # one video of each class a day: 30 % of 6 are 2, and 4 remain for K = 4


def write(project: Project, *paths: str) -> None:
    """Write files of the guide, which edits none that is there."""
    for path in paths:
        assert not (project.folder / path).exists()
        (project.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (project.folder / path).write_text(FILES[path])


@pytest.fixture(scope="module")
def kitchen(finished, tmp_path_factory) -> Project:
    """The guide's three steps and its commands, in a project whose own tables are finished."""
    folder = tmp_path_factory.mktemp("own") / "project"
    shutil.copytree(finished.folder, folder, symlinks=True)
    project = Project(folder)
    rows = [(f"day{day}/{name}.mp4", label) for day in range(1, DAYS + 1) for name, label in CLASSES.items()]
    lines = ["path,label", *(",".join(row) for row in rows)]
    assert set(LIST.splitlines()) <= set(lines)
    for number, (path, _) in enumerate(rows):
        write_video(project.folder / "my_videos" / path, frames=8 + number)
    (project.folder / "my_videos/list.csv").write_text("\n".join(lines))
    write(project, "params/datasets/kitchen.yaml")
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


def test_a_release_is_a_list_made_by_a_script(tmp_path):
    project = new_project(tmp_path / "project")
    write(project, "my_videos/jhmdb/make_list.py", "params/datasets/jhmdb.yaml")
    release = project.folder / "my_videos/jhmdb"
    for name in ("brush_hair/a", "climb_stairs/b"):
        (release / "ReCompress_Videos" / name).parent.mkdir(parents=True)
        (release / "ReCompress_Videos" / f"{name}.avi").touch()
    assert "few_shot-jhmdb-k16-tc_clip-s1024" in project.run("bash", "-ec", RELEASE).stdout
    lines = (release / "list.csv").read_text().splitlines()
    assert lines == ["path,label", "brush_hair/a.avi,brush hair", "climb_stairs/b.avi,climb stairs"]


CODE = "from tcclip.stages.splits import code, load_dataset; print(code(load_dataset('%s')))"


def test_a_format_is_three_new_files_and_makes_no_other_dataset_stale(tmp_path):
    project = new_project(tmp_path / "project")
    others = [project.run("python", "-c", CODE % name).stdout for name in ("mini_hmdb51", "mini_k600")]
    write(project, *(path for path in FILES if "diving48" in path or "dives" in path))
    suite = project.folder / "params/suites/mini.yaml"  # with its lists in one line, as committed
    suite.write_text(yaml.safe_dump(yaml.safe_load(suite.read_text()), sort_keys=False, default_flow_style=None))
    raw = project.folder / "data/raw/diving48"
    write_video(raw / "videos/rgb/a_01.mp4", frames=8)
    (raw / "lists").mkdir()
    (raw / "lists/Diving48_vocab.json").write_text(json.dumps([["Back", "15som"], ["Reverse", "25som"]]))
    for split, first in (("train", 0), ("test", 40)):
        clips = [{"vid_name": f"a_{number:02d}", "label": number % 2} for number in range(first, first + 40)]
        (raw / f"lists/Diving48_V2_{split}.json").write_text(json.dumps(clips))
    assert "few_shot-diving48-k16-tc_clip-s1024" in project.run("bash", "-ec", FORMAT).stdout
    splits = project.folder / "data/splits/diving48"
    assert (splits / "train1.csv").read_text().splitlines()[:3] == ["video,label", "a_00,0", "a_01,1"]
    assert (splits / "classes/all.csv").read_text().splitlines() == ["label,name", "0,Back 15som", "1,Reverse 25som"]
    assert others == [project.run("python", "-c", CODE % name).stdout for name in ("mini_hmdb51", "mini_k600")]
