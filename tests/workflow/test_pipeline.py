"""The whole DAG on tiny input: nothing is mocked; what is made stale is exactly what depends on a change."""

import csv
import json
import shutil
import sqlite3

import pytest
from projects import FILM, new_project

from tcclip.plan import load_plan

TC = "few_shot-ucf101-k2-tc_clip-s1024"
COLUMNS = "table,group,row,column,value,std,n_videos,source,published,published_std,runs"


def cells(project, table):
    with open(project.folder / f"reports/mini/tables/{table}.csv", newline="") as file:
        return list(csv.DictReader(file))


def test_tables_are_measured_where_the_plan_says_so_and_empty_elsewhere(finished):
    for table in ("table2", "table3"):
        header = (finished.folder / f"reports/mini/tables/{table}.csv").read_text().splitlines()[0]
        assert header.startswith(COLUMNS)  # others only behind them
        for cell in cells(finished, table):
            ours = cell["row"] in ("Vanilla CLIP", "ViFi-CLIP", "TC-CLIP") and "LLM" not in cell["group"]
            assert (cell["source"] == "measured") == ours
            assert bool(cell["value"]) == bool(cell["runs"]) == bool(cell["n_videos"]) == ours
            assert not cell["published"]


def test_a_cell_is_the_accuracy_of_its_predictions(finished):
    import pandas as pd

    cell = next(
        c for c in cells(finished, "table3") if c["row"] == "TC-CLIP" and c["column"] == "ucf101_k2" and c["value"]
    )
    assert cell["runs"] == TC
    predictions = pd.read_parquet(finished.folder / f"runs/mini/{TC}/predictions/ucf101-test1-2x1.parquet")
    right = [classes[0] == label for classes, label in zip(predictions.top5_classes, predictions.label, strict=True)]
    assert float(cell["value"]) == pytest.approx(100 * sum(right) / len(right), abs=1e-6)
    assert int(cell["n_videos"]) == len(predictions)


def test_a_runs_folder_is_complete(finished):
    folder = finished.folder / "runs/mini" / TC
    names = {path.name for path in folder.iterdir()}
    assert {
        "params.yaml",
        "weights.safetensors",
        "metrics.json",
        "history.csv",
        "environment.json",
        "predictions",
    } <= names
    assert json.loads((folder / "metrics.json").read_text())["evaluations"]["ucf101-test1-2x1"]["n_videos"] > 0


def test_the_page_and_the_other_formats_are_there(finished):
    for name in ("index.html", "metrics.json", "claims.md", "tables/table2.md", "tables/table3.tex"):
        assert (finished.folder / "reports/mini" / name).stat().st_size > 100


def test_a_second_call_has_nothing_to_do(finished):
    assert "Nothing to be done" in finished.snakemake("tables")


def test_mlflow_holds_every_run_once_and_can_be_made_again(project):
    def runs():
        with sqlite3.connect(project.folder / "mlflow.db") as store:
            kind = "join tags on tags.run_uuid = runs.run_uuid and tags.key = 'kind' and tags.value = 'run'"
            return store.execute(f"select count(*) from runs {kind} where lifecycle_stage = 'active'").fetchone()[0]

    planned = len(list((project.folder / "runs/mini").iterdir()))
    assert runs() == planned
    for file in project.folder.glob("mlflow.db*"):
        file.unlink()
    project.snakemake("mlflow")
    assert runs() == planned
    assert project.jobs("tables") == {}


def test_a_store_that_is_gone_makes_nothing_stale_and_no_training_waits_for_one(project):
    shutil.rmtree(project.folder / "mlruns")
    (project.folder / "mlflow.db").unlink()
    assert project.jobs("tables") == {}
    assert project.jobs("mlflow") == {"mlflow_store": 1, "load_runs": 1, "mlflow": 1}
    shutil.rmtree(project.folder / "runs/mini")
    needed = project.jobs("runs/mini/few_shot-ssv2-k2-tc_clip-s1024/weights.safetensors")
    assert needed == {"train": 1}


def test_the_slurm_profile_plans_while_an_input_is_just_being_made_again(project):
    """Snakemake's own default for disk space measures every input, and ended where one was gone for a moment."""
    index = project.folder / "data/frames/mini_ucf101/index.parquet"
    index.unlink()
    index.symlink_to("nowhere")
    (project.folder / f"runs/mini/{TC}/weights.safetensors").unlink()
    assert "train" in project.jobs("--profile", "slurm", "tables")


def test_another_mlflow_server_is_loaded_and_nothing_else_made(project, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://ann:secret-word@127.0.0.1:9")
    assert project.jobs("tables") == {"load_runs": 1, "tables": 1}
    assert "secret-word" not in project.snakemake("-n", "tables")


def test_deleting_a_run_retrains_exactly_that_run(project):
    before = (project.folder / f"runs/mini/{TC}/weights.safetensors").read_bytes()
    shutil.rmtree(project.folder / "runs/mini" / TC)
    jobs = project.jobs("tables")
    assert (jobs["train"], jobs["evaluate"], jobs["table"]) == (1, 1, 1)
    assert project.jobs("table2") == {}
    assert not {"raw", "shard", "backbone", "tokens"} & jobs.keys()
    project.snakemake("table3")
    assert (project.folder / f"runs/mini/{TC}/weights.safetensors").read_bytes() == before


def test_editing_a_method_makes_only_its_runs_stale(project):
    project.edit("params/methods/tc_clip.yaml", lambda content: content["tc"].update(k=32))
    jobs = project.jobs("tables")
    trained = len(list((project.folder / "runs/mini").glob("*-tc_clip-*")))
    assert (jobs["train"], jobs["evaluate"]) == (trained, trained)
    assert not {"raw", "shard", "backbone"} & jobs.keys()


def test_a_new_prompt_of_one_method_makes_its_runs_stale_and_no_other(project):
    project.edit("params/methods/vanilla_clip.yaml", lambda content: content.update(text=FILM))
    jobs = project.jobs("tables")
    assert (jobs["tokens"], jobs["evaluate"], jobs["table"]) == (1, 1, 2)
    assert "train" not in jobs
    project.snakemake("tables")
    assert project.jobs("tables") == {}


def test_new_class_names_do_not_hide_the_runs_that_are_missing(project):
    shutil.rmtree(project.folder / "runs/mini")
    classes = project.folder / "data/splits/mini_k600/classes/test3.csv"
    classes.write_text(classes.read_text().replace("circle", "ring") + "\n")
    jobs = project.jobs("tables")
    assert jobs["tokens"] == 1 and jobs["train"] > 1


def test_editing_the_ensemble_weight_evaluates_again_but_trains_nothing(project):
    project.edit("params/methods/tc_clip.yaml", lambda content: content.update(we={"w": 0.5}))
    jobs = project.jobs("tables")
    assert "train" not in jobs
    assert jobs["evaluate"] == 1  # zero-shot; few-shot has no ensemble


def test_editing_a_tables_layout_trains_nothing(project):
    project.edit("params/tables/table3.yaml", lambda content: content["rows"].reverse())
    assert project.jobs("tables") == {"table": 1, "claims": 1, "verdicts": 1, "report": 1, "load_runs": 1, "tables": 1}


def test_editing_code_makes_stale_what_uses_it(project):
    path = project.folder / "tcclip/reporting/formats.py"
    path.write_text(path.read_text() + "\nANOTHER = 1\n")
    assert not {"train", "evaluate"} & project.jobs("tables").keys()
    path = project.folder / "tcclip/training/losses.py"
    path.write_text(path.read_text() + "\n# a comment\n")
    assert "train" not in project.jobs("tables")
    path.write_text(path.read_text() + "\nANOTHER = 1\n")
    trained = [path for path in (project.folder / "runs/mini").iterdir() if (path / "weights.safetensors").is_file()]
    assert project.jobs("tables")["train"] == len(trained)


def test_touching_files_makes_nothing_stale(project):
    for path in (project.folder / "params").rglob("*.yaml"):
        path.touch()
    for path in (project.folder / "data/splits").rglob("*.csv"):
        path.touch()
    assert project.jobs("tables") == {}


def test_a_failed_training_says_why_and_keeps_what_is_finished(project):
    list_of_videos = project.folder / "data/splits/mini_ucf101/few_shot_k2.csv"
    list_of_videos.write_text("video,label\n")
    output = project.snakemake("table3", check=False)
    assert "few_shot_k2.csv" in output
    assert "failed: training few_shot-ucf101-k2" in output
    assert "Traceback" not in output
    assert (project.folder / "runs/mini/few_shot-ssv2-k2-tc_clip-s1024/metrics.json").is_file()


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        (("tabel3",), "Error: unknown target 'tabel3': did you mean 'table3'?"),
        (("tables", "--config", "suite=minni"), "Error: unknown suite 'minni': did you mean 'mini'?"),
        (("tables", "--config", "siute=mini"), "Error: unknown config key 'siute': did you mean 'suite'?"),
    ],
)
def test_a_mistyped_name_ends_snakemake_with_one_sentence(finished, arguments, sentence):
    done = finished.run("snakemake", *arguments, check=False)
    assert done.returncode == 1
    assert [line for line in done.stdout.splitlines() if not line.startswith("Using ")] == [sentence]


def test_a_file_of_a_run_that_is_not_planned_is_refused_with_the_nearest_that_is(finished):
    said = finished.snakemake("-n", f"runs/mini/{TC.replace('clip', 'clp')}/metrics.json", check=False)
    assert "unknown run 'few_shot-ucf101-k2-tc_clp-s1024': did you mean 'few_shot-ucf101-k2-tc_clip-s1024'?" in said
    said = finished.snakemake("-n", "runs/mini/untrained-vanilla_clip/weights.safetensors", check=False)
    assert "run 'untrained-vanilla_clip' is an untrained method: it is only evaluated" in said


def test_the_same_dag_is_planned_for_slurm_without_slurm(tmp_path):
    project = new_project(tmp_path / "project")
    assert project.jobs("tables", "--profile", "slurm") == project.jobs("tables")


def test_the_paper_suite_plans_every_row(finished):
    jobs = finished.jobs("tables", "--config", "suite=paper")
    assert jobs["table"] == len(load_plan("paper").tables)
    assert jobs["train"] >= 2
    assert finished.jobs("tables", "--config", "suite=paper", "--profile", "slurm") == jobs
