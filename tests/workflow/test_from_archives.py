"""Suite `paper` from the first byte: the five releases in their original shape, fetched, unpacked and trained on."""

from __future__ import annotations

import csv
import json
import shutil

import pytest
from file_server import serving
from rar_files import needs_bsdtar
from whole_releases import DATASETS, paper_project

PAPER = ("--config", "suite=paper")


@pytest.fixture(scope="module")
def made(finished, tmp_path_factory):
    """The project after `snakemake tables --config suite=paper`, and what the server was asked."""
    with serving() as site:
        project = paper_project(tmp_path_factory.mktemp("paper"), finished, site)
        shutil.copytree(finished.folder / "data/backbones", project.folder / "data/backbones")
        project.snakemake("tables", *PAPER)
        yield project, site


@needs_bsdtar
def test_every_cell_of_a_trained_row_is_measured_on_all_listed_videos(made):
    project, _ = made
    for table in ("table2", "table3"):
        with open(project.folder / f"reports/paper/tables/{table}.csv", newline="") as file:
            cells = [c for c in csv.DictReader(file) if c["group"] in ("no weight ensemble", "original names")]
        assert cells and all(cell["source"] == "measured" and int(cell["n_videos"]) > 0 for cell in cells)
    for path in (project.folder / "runs/paper").glob("*/metrics.json"):
        parts = json.loads(path.read_text())["evaluations"].values()
        assert parts and all(part["n_videos"] == part["listed"] for part in parts)


@needs_bsdtar
def test_a_run_of_every_training_dataset_has_made_a_step(made):
    project, _ = made
    folder = project.folder / "runs/paper"
    for run in ("zero_shot-k400", "few_shot-hmdb51-k2", "few_shot-ucf101-k2", "few_shot-ssv2-k2"):
        training = json.loads((folder / f"{run}-tc_clip-s1024/training.json").read_text())
        assert training["optimizer_steps"] >= 1


@needs_bsdtar
def test_nothing_is_fetched_twice_and_a_second_call_has_nothing_to_do(made):
    project, site = made
    paths = [path for path, _ in site.asked]
    assert len(paths) == len(set(paths)) == len(site.files)
    assert "Nothing to be done" in project.snakemake("tables", *PAPER)


@needs_bsdtar
def test_status_shows_every_split_whole(made):
    project, _ = made
    shown = project.run("tcclip", "data", "status", "--suite", "paper").stdout
    assert all(dataset in shown for dataset in DATASETS)


@needs_bsdtar
def test_numbers_on_lists_drawn_here_are_marked(made):
    project, _ = made
    text = (project.folder / "reports/paper/tables/table3.md").read_text()
    assert "§" in next(line for line in text.splitlines() if line.startswith("| TC-CLIP"))
