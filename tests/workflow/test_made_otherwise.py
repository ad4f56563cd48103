"""What params and code made a run is what its folder says, whatever Snakemake remembers."""

import csv
import json
import threading
import time

import yaml

RUN = "few_shot-ucf101-k2-tc_clip-s1024"
OTHER = "few_shot-ucf101-k2-vifi_clip-s1024"
SUITE = "params/suites/mini.yaml"


def faster(content):
    content["protocols"]["few_shot"]["lr"] = 3e-3


def test_a_run_that_a_person_made_with_params_of_the_day_before_is_made_again(project):
    before = (project.folder / SUITE).read_text()
    project.edit(SUITE, faster)
    project.run("tcclip", "train", RUN)
    project.run("tcclip", "evaluate", RUN)
    (project.folder / SUITE).write_text(before)
    said = project.snakemake("-n", "table3")
    assert f"{RUN}: made by other params or code than are there now, and therefore out of date" in said
    jobs = project.jobs("table3")
    assert (jobs["train"], jobs["evaluate"], jobs["table"]) == (1, 1, 1)
    project.snakemake("table3")
    assert project.jobs("table3") == {}


def test_params_that_come_back_leave_nothing_to_be_done(project):
    """What is written for Snakemake while they are away goes with them."""
    before = (project.folder / SUITE).read_text()
    project.edit(SUITE, faster)
    jobs = project.jobs("table3")
    assert jobs["train"] == 4
    (project.folder / SUITE).write_text(before)
    assert project.jobs("tables") == {}


def test_a_run_of_a_person_alone_is_made_again_where_its_params_are_gone(project):
    before = (project.folder / SUITE).read_text()
    for file in (project.folder / ".snakemake/metadata").rglob("*"):
        if file.is_file():
            file.unlink()
    project.edit(SUITE, faster)
    project.run("tcclip", "train", RUN)
    (project.folder / SUITE).write_text(before)
    assert project.jobs(f"runs/mini/{RUN}/weights.safetensors") == {"train": 1}
    project.edit(SUITE, faster)
    assert project.jobs(f"runs/mini/{RUN}/weights.safetensors") == {}


def test_params_that_change_while_snakemake_works_end_it_with_a_sentence(project):
    """It would remember the params that it has read, and the job has those that are there when it begins."""
    for run in (RUN, OTHER):
        (project.folder / f"runs/mini/{run}/weights.safetensors").unlink()

    def change_soon():
        log = project.folder / f"logs/mini/train/{OTHER}.log"
        log.unlink(missing_ok=True)
        while not log.exists():
            time.sleep(0.05)
        project.edit(SUITE, faster)

    thread = threading.Thread(target=change_soon)
    thread.start()
    targets = [f"runs/mini/{run}/weights.safetensors" for run in (OTHER, RUN)]
    first = ["--prioritize", targets[0], "--cores", "1"]
    done = project.run("snakemake", *targets, *first, check=False)
    thread.join()
    assert done.returncode != 0
    assert f"run {RUN} would be made by other params or code than those that snakemake has read" in done.stdout
    assert not (project.folder / targets[1]).exists()


def test_evaluations_of_two_trainings_are_never_side_by_side(project):
    folder = project.folder / f"runs/mini/{RUN}"
    project.run("tcclip", "evaluate", RUN, "--dataset", "ucf101", "--split", "test2")
    there = json.loads((folder / "metrics.json").read_text())["evaluations"]
    assert there.keys() >= {"ucf101-test1-2x1", "ucf101-test2-2x1"}
    assert project.jobs("tables") == {}, "what a person asks for besides makes nothing stale"
    project.run("tcclip", "train", RUN, "--restart")
    project.run("tcclip", "evaluate", RUN, "--dataset", "ucf101", "--split", "test2")
    assert json.loads((folder / "metrics.json").read_text())["evaluations"].keys() == {"ucf101-test2-2x1"}
    assert project.jobs(f"runs/mini/{RUN}/metrics.json")["evaluate"] == 1


def test_an_evaluation_that_a_person_made_with_other_params_is_made_again(project):
    score = {"kind": "fixed_cosine", "temperature": 0.05}
    before = (project.folder / "params/methods/tc_clip.yaml").read_text()
    project.edit("params/methods/tc_clip.yaml", lambda content: content.update(score=score))
    project.run("tcclip", "evaluate", RUN, "--dataset", "ucf101", "--split", "test1")
    (project.folder / "params/methods/tc_clip.yaml").write_text(before)
    assert project.jobs(f"runs/mini/{RUN}/metrics.json") == {"evaluate": 1}


def test_a_table_shows_no_evaluation_of_weights_that_are_gone(project):
    project.run("tcclip", "train", RUN, "--restart")
    project.run("tcclip", "table", "table3")
    with open(project.folder / "reports/mini/tables/table3.csv", newline="") as file:
        cells = [cell for cell in csv.DictReader(file) if cell["row"] == "TC-CLIP" and cell["column"] == "ucf101_k2"]
    assert [cell["value"] for cell in cells if "original" in cell["group"]] == [""]


def test_a_finished_run_is_not_trained_again_unless_a_person_says_so(project):
    folder = project.folder / f"runs/mini/{RUN}"
    before = (folder / "training.json").stat().st_mtime_ns
    said = project.run("tcclip", "train", RUN).stdout
    assert "is trained already" in said and "--restart" in said
    assert (folder / "training.json").stat().st_mtime_ns == before
    project.edit(SUITE, faster)
    project.run("tcclip", "train", RUN)
    assert yaml.safe_load((folder / "params.yaml").read_text())["protocol"]["lr"] == 3e-3
