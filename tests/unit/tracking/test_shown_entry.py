"""What an entry of MLflow shows, from hand-made run folders."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
from hand_made import EPOCHS, evaluation_part, write_run
from tracked_runs import TRAINED, UNTRAINED, entries, parts, small_plan

from tcclip.params.protocol import Views
from tcclip.plan import Evaluation
from tcclip.tracking.address import tracking_uri
from tcclip.tracking.loader import load_runs
from tcclip.tracking.mlflow_api import client
from tcclip.tracking.run_entry import Evaluated, run_entry, run_key
from tcclip.tracking.run_points import curves, system
from tcclip.tracking.system import HEADER

VIEWS = Views(temporal=2, spatial=1, mode="paper")


def test_a_run_shows_its_params_curves_metrics_tags_and_times(here):
    assert load_runs(small_plan()) == "2 new, 0 replaced, 0 unchanged"
    (entry,) = entries("tags.method = 'tc_clip'")
    assert entry.info.run_name == TRAINED.name
    assert entry.info.status == "FINISHED"
    assert entry.info.end_time - entry.info.start_time == 12500
    assert entry.data.params["method.we.w"] == "0.7"
    assert entry.data.params["protocol.epochs"] == str(EPOCHS)
    assert entry.data.metrics["ssv2-test1-2x1.top1"] == 40.0
    assert entry.data.metrics["top1_ssv2"] == 40.0
    assert entry.data.metrics["best_val_top1"] == 60.0
    expected = {
        "suite": "mini", "protocol": "few_shot", "dataset": "ssv2", "method": "tc_clip", "shots": "2", "seed": "1024",
        "tables": "table3", "git_commit": "0123abcd", "code_fingerprint": "c0de", "data_fingerprint": "da7a",
        "weights": f"runs/mini/{TRAINED.name}/weights.safetensors",
    }  # fmt: skip
    assert expected.items() <= entry.data.tags.items()
    assert len(entry.data.tags["weights_sha256"]) == 64
    inputs = {(i.dataset.name, i.tags[0].value) for i in entry.inputs.dataset_inputs}
    assert inputs == {("mini_ssv2 few_shot_k2", "train"), ("mini_ssv2 test1", "test")}
    assert len(entry.data.tags["run_key"]) == 32
    connection = client(tracking_uri())
    curve = connection.get_metric_history(entry.info.run_id, "loss")
    assert [point.step for point in curve] == [1, 2, 3, 4, 5]
    assert entry.info.start_time < curve[0].timestamp < curve[-1].timestamp <= entry.info.end_time
    assert [p.step for p in connection.get_metric_history(entry.info.run_id, "val_top1")] == [2, 4, 5]
    names = {file.path for file in connection.list_artifacts(entry.info.run_id)}
    assert names == {"metrics.json", "history.csv", "params.yaml", "training.json", "environment.json", "per_class.csv"}


def test_the_confusion_matrix_of_an_evaluation_is_there_as_a_table_and_a_page(here):
    folder = here / "runs/mini" / TRAINED.name / "predictions"
    folder.mkdir()
    predictions = pd.DataFrame({"video": list("abc"), "label": [0, 0, 1], "top5_classes": [[0, 1], [1, 0], [1, 0]]})
    predictions.to_parquet(folder / "ssv2-test1-2x1.parquet")
    (here / "data/splits/mini_ssv2/classes").mkdir()
    (here / "data/splits/mini_ssv2/classes/all.csv").write_text("label,name\n0,turning <red>\n1,two meeting\n")
    load_runs(small_plan())
    (entry,) = entries("tags.method = 'tc_clip'")
    connection = client(tracking_uri())
    table, page = (
        Path(connection.download_artifacts(entry.info.run_id, f"confusion/ssv2-test1-2x1.{end}")).read_text()
        for end in ("csv", "html")
    )
    assert table.splitlines() == [
        "class,predicted,n_videos,percent_of_class",
        "turning <red>,turning <red>,1,50.0",
        "turning <red>,two meeting,1,50.0",
        "two meeting,two meeting,1,100.0",
    ]
    data = re.search(r'<script type="application/json" id="data">(.*)</script>', page)
    assert data and "<red>" not in page
    told = json.loads(data[1])
    assert (told["names"], told["videos"]) == (["turning <red>", "two meeting"], [2, 1])
    assert told["rows"] == [[0, 1, 1, 1], [1, 1]]  # predicted class, videos


def test_the_key_changes_with_the_results_and_the_tags_and_with_nothing_else(tmp_path):
    write_run(tmp_path / "a", TRAINED, parts(40.0))
    write_run(tmp_path / "b", TRAINED, parts(40.0))
    (tmp_path / "b" / "state.pt").write_bytes(b"resume state")
    assert run_key(tmp_path / "a", {"x": "1"}) == run_key(tmp_path / "b", {"x": "1"})
    assert run_key(tmp_path / "a", {"x": "1"}) != run_key(tmp_path / "a", {"x": "2"})
    write_run(tmp_path / "b", TRAINED, parts(41.0))
    assert run_key(tmp_path / "a", {"x": "1"}) != run_key(tmp_path / "b", {"x": "1"})


def test_an_untrained_run_has_no_curves_and_carries_the_given_params(tmp_path):
    write_run(tmp_path, UNTRAINED, parts(20.0))
    tested = {"ssv2-test1-2x1": Evaluated("ssv2", tmp_path / "all.csv")}
    params = {"method.text.mode": "name", "absent": None}
    made = run_entry(UNTRAINED.name, tmp_path, {"method": "vanilla_clip"}, params, tested=tested)
    assert made.params == {"method.text.mode": "name"}
    assert made.start == made.end
    names = {"ssv2-test1-2x1.top1", "ssv2-test1-2x1.top5", "ssv2-test1-2x1.coverage", "top1_ssv2"}
    assert {point.name for point in made.points} == names
    assert "weights" not in made.tags


def test_the_mean_over_splits_and_the_ensemble_have_metrics_of_their_own(tmp_path):
    both = {f"hmdb51-test{i}-2x1": {**evaluation_part(10.0 * i), "we": False} for i in (1, 2, 3)}
    both |= {"hmdb51-test1-2x1-we": {**evaluation_part(50.0), "we": True}}
    write_run(tmp_path, TRAINED, both)
    tested = {name: Evaluated("hmdb51", tmp_path / "all.csv") for name in both}
    points = run_entry(TRAINED.name, tmp_path, {}, {}, tested=tested).points
    values = {point.name: point.value for point in points if point.step == 0}
    assert values["top1_hmdb51"] == 20.0
    assert values["top1_hmdb51_we"] == 50.0


def test_which_dataset_an_evaluation_is_of_is_the_plan_s_word_and_not_its_name_s(tmp_path):
    two = {"few-shot-own-test1-2x1": evaluation_part(30.0), "few-shot-own-test1-1x1": evaluation_part(90.0)}
    write_run(tmp_path, TRAINED, two)
    tested = {
        "few-shot-own-test1-2x1": Evaluated("few-shot-own", tmp_path / "all.csv")
    }  # the other one a person asked for
    points = run_entry(TRAINED.name, tmp_path, {}, {}, tested=tested).points
    values = {point.name: point.value for point in points if point.name.startswith("top1_")}
    assert values == {"top1_few-shot-own": 30.0}
    assert "few-shot-own-test1-1x1.top1" in {point.name for point in points}


def test_an_evaluation_of_the_plan_is_named_as_its_metric():
    assert Evaluation("r", "ssv2", "test1", VIEWS, False).name == "ssv2-test1-2x1"


def test_curves_of_a_file_whose_last_line_was_cut_are_those_of_its_cells(tmp_path):
    (tmp_path / "system.csv").write_text(f"{','.join(HEADER)}\n1,10,50.5,2,7.5,,\n2,20,60")
    (tmp_path / "history.csv").write_text(
        "epoch,note,loss,val_top1\n0,first,0.1,\n\n1,second,0.30000000000000004,50.0\n"
    )
    assert system(tmp_path / "system.csv") == [
        ("system/cpu_utilization_percentage", 50.5, 10, 1),
        ("system/cpu_utilization_percentage", 60.0, 20, 2),
        ("system/process_memory_megabytes", 2.0, 10, 1),
        ("system/system_memory_usage_percentage", 7.5, 10, 1),
    ]
    points = curves(tmp_path / "history.csv", 0, 100)
    assert points == [("loss", 0.1, 50, 1), ("loss", 0.30000000000000004, 100, 2), ("val_top1", 50.0, 100, 2)]
    assert curves(tmp_path / "absent.csv", 0, 100) == []
