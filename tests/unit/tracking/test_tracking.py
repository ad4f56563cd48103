"""The MLflow store and its loader, on hand-made runs. One store serves all tests, because making one takes seconds."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
import yaml
from hand_made import EPOCHS, evaluation_part, write_run

from tcclip.errors import UserError
from tcclip.params.protocol import Views
from tcclip.params.reader import params_folder
from tcclip.plan import Evaluation, Plan, Run, load_plan
from tcclip.tracking import store
from tcclip.tracking.address import tracking_uri
from tcclip.tracking.description import tags_of
from tcclip.tracking.live import opening, points_of
from tcclip.tracking.loader import load_runs
from tcclip.tracking.mlflow_api import client
from tcclip.tracking.run_entry import Evaluated, run_entry, run_key
from tcclip.tracking.ui import open_ui

TRAINED = Run("few_shot-ssv2-k2-tc_clip-s1024", "few_shot", "tc_clip", "ssv2", 2, None, 1024)
UNTRAINED = Run("untrained-vanilla_clip", "few_shot", "vanilla_clip", None, None, None, None)
VIEWS = Views(temporal=2, spatial=1, mode="paper")


def parts(top1: float) -> dict:
    return {"ssv2-test1-2x1": {**evaluation_part(top1), "we": False}}


def small_plan() -> Plan:
    """The mini suite, cut down to one trained and one untrained run."""
    whole = load_plan("mini")
    cells = {
        "table3": tuple(
            c for c in whole.cells["table3"] if c.column == "ssv2_k2" and c.method in ("tc_clip", "vanilla_clip")
        )
    }
    return Plan(whole.suite, whole.tables, cells, {run.name: run for run in (TRAINED, UNTRAINED)})


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty store, made once."""
    folder = tmp_path_factory.mktemp("store")
    store.create_store(folder / "mlflow.db", folder / "mlruns")
    return folder / "mlflow.db"


@pytest.fixture
def here(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A working directory with a store and the run folders of `small_plan`."""
    monkeypatch.setenv("TCCLIP_PARAMS", str(params_folder().absolute()))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)
    shutil.copy(template, tmp_path / "mlflow.db")
    write_run(tmp_path / "runs/mini" / TRAINED.name, TRAINED, parts(40.0))
    write_run(tmp_path / "runs/mini" / UNTRAINED.name, UNTRAINED, parts(20.0))
    for split in ("few_shot_k2", "test1"):
        (tmp_path / "data/splits/mini_ssv2").mkdir(parents=True, exist_ok=True)
        (tmp_path / f"data/splits/mini_ssv2/{split}.csv").write_text(f"video,label\n{split},0\n")
    yield tmp_path


def entries(filter_string: str = "") -> list:
    connection = client(tracking_uri())
    experiment = connection.get_experiment_by_name("mini")
    return list(connection.search_runs([experiment.experiment_id], filter_string))


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


def test_a_run_that_was_followed_live_keeps_its_entry_and_gets_the_rest(here):
    folder = here / "runs/mini" / TRAINED.name
    params = yaml.safe_load((folder / "params.yaml").read_text())
    first = opening(TRAINED.name, params, tags_of(small_plan(), TRAINED))
    connection = client(tracking_uri())
    live = connection.create_run(store.experiment(connection, "mini"), tags=first["tags"], run_name=TRAINED.name)
    history = pd.read_csv(folder / "history.csv")
    for name, value in first["params"].items():
        connection.log_param(live.info.run_id, name, value)
    for name, value, at, step in points_of(history.iloc[0].dropna().to_dict(), 1):
        connection.log_metric(live.info.run_id, name, value, at, step)
    assert load_runs(small_plan()) == "1 new, 0 replaced, 1 completed, 0 unchanged"
    (entry,) = entries("tags.method = 'tc_clip'")
    assert (entry.info.run_id, entry.info.status) == (live.info.run_id, "FINISHED")
    assert [point.step for point in connection.get_metric_history(entry.info.run_id, "loss")] == [1, 2, 3, 4, 5]
    assert entry.data.metrics["top1_ssv2"] == 40.0
    assert load_runs(small_plan()) == "0 new, 0 replaced, 2 unchanged"


def live_entry(here: Path, **tags: str) -> str:
    """The entry of a training that is followed live; its id."""
    params = yaml.safe_load((here / "runs/mini" / TRAINED.name / "params.yaml").read_text())
    first = opening(TRAINED.name, params, tags_of(small_plan(), TRAINED))
    connection = client(tracking_uri())
    made = connection.create_run(store.experiment(connection, "mini"), tags={**first["tags"], **tags})
    return made.info.run_id


def test_a_live_entry_that_a_killed_loader_left_half_way_gets_what_it_lacks(here, monkeypatch):
    number = live_entry(here)
    client(tracking_uri()).set_terminated(number, "FINISHED")
    with monkeypatch.context() as patch, pytest.raises(ZeroDivisionError):
        patch.setattr("tcclip.tracking.mlflow_api._artifacts", lambda *_: 1 / 0)
        load_runs(small_plan())
    load_runs(small_plan())
    (entry,) = entries("tags.method = 'tc_clip'")
    assert entry.info.run_id == number
    assert client(tracking_uri()).list_artifacts(number)


def test_a_training_of_another_checkout_that_is_running_keeps_its_entry(here):
    number = live_entry(here, training="of other params")
    load_runs(small_plan())
    assert number in {entry.info.run_id for entry in entries("attributes.status = 'RUNNING'")}


def test_a_row_that_the_table_has_no_more_is_gone_from_the_list(here):
    table = here / "reports/mini/tables/table3.csv"
    table.parent.mkdir(parents=True)
    head = "table,group,row,column,value,std,n_videos,source,published,published_std,runs\n"
    lines = [f"table3,,{row},ssv2_k2,40.0,,96,measured,,,{TRAINED.name}\n" for row in ("TC-CLIP", "Another")]
    table.write_text(head + "".join(lines))
    load_runs(small_plan())
    assert len(entries("tags.kind = 'row'")) == 2
    table.write_text(head + lines[0])
    load_runs(small_plan())
    assert [entry.data.tags["row"] for entry in entries("tags.kind = 'row'")] == ["TC-CLIP"]


def test_a_live_entry_of_other_params_is_replaced(here):
    connection = client(tracking_uri())
    tags = {"run": TRAINED.name, "training": "of other params"}
    connection.create_run(store.experiment(connection, "mini"), tags=tags, run_name=TRAINED.name)
    assert load_runs(small_plan()) == "1 new, 1 replaced, 0 unchanged"


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
    assert "turning &lt;red&gt; seen as two meeting: 1 of 2" in page


def test_loading_again_adds_nothing(here):
    load_runs(small_plan())
    before = {entry.info.run_id for entry in entries()}
    index = Path("reports/mini/mlflow.csv").read_text()
    assert load_runs(small_plan()) == "0 new, 0 replaced, 2 unchanged"
    assert {entry.info.run_id for entry in entries()} == before
    assert Path("reports/mini/mlflow.csv").read_text() == index
    assert index.splitlines()[0] == "run,mlflow_run_id,mlflow_experiment_id"
    assert {line.split(",")[1] for line in index.splitlines()[1:]} == before


def test_a_changed_run_replaces_its_old_entry_and_no_other(here):
    load_runs(small_plan())
    before = {entry.info.run_name: entry.info.run_id for entry in entries()}
    write_run(here / "runs/mini" / TRAINED.name, TRAINED, parts(45.0))
    assert load_runs(small_plan()) == "0 new, 1 replaced, 1 unchanged"
    after = {entry.info.run_name: entry.info.run_id for entry in entries()}
    assert len(entries()) == 2
    assert after[UNTRAINED.name] == before[UNTRAINED.name]
    assert after[TRAINED.name] != before[TRAINED.name]
    assert entries("metrics.top1_ssv2 = 45")[0].info.run_name == TRAINED.name


def test_an_entry_that_an_interrupted_loader_left_is_replaced(here):
    connection = client(tracking_uri())
    plan = small_plan()
    key = run_key(here / "runs/mini" / TRAINED.name, tags_of(plan, TRAINED))
    tags = {"run": TRAINED.name, "run_key": key}
    connection.create_run(store.experiment(connection, "mini"), tags=tags, run_name=TRAINED.name)
    assert load_runs(plan) == "1 new, 1 replaced, 0 unchanged"
    assert {entry.info.status for entry in entries()} == {"FINISHED"}
    assert len(entries()) == 2


def test_another_table_that_a_run_serves_changes_its_entry(here):
    load_runs(small_plan())
    plan = small_plan()
    extra = {"table9": plan.cells["table3"]}
    more = Plan(plan.suite, plan.tables, {**plan.cells, **extra}, plan.runs)
    assert load_runs(more) == "0 new, 2 replaced, 0 unchanged"
    assert len(entries("tags.tables LIKE '%table9%'")) == 2


def test_a_run_without_metrics_is_one_clear_error(here):
    (here / "runs/mini" / TRAINED.name / "metrics.json").unlink()
    with pytest.raises(
        UserError, match=f"run {TRAINED.name} of suite mini has no metrics.json: 'snakemake mlflow --config suite=mini'"
    ):
        load_runs(small_plan())
    assert entries() == []


def test_making_the_store_again_keeps_its_runs_and_gives_it_a_new_stamp(here):
    load_runs(small_plan())
    store.create_store()
    first = json.loads(Path("mlruns/store.json").read_text())
    store.create_store()
    second = json.loads(Path("mlruns/store.json").read_text())
    assert first["id"] != second["id"]
    assert first["experiments"] == second["experiments"]
    assert len(entries()) == 2


def test_a_moved_checkout_gets_its_artifacts_beside_it_again(here):
    load_runs(small_plan())
    moved = here / "moved"
    moved.mkdir()
    shutil.copy("mlflow.db", moved)
    connection = client(f"sqlite:///{moved}/mlflow.db")
    before = connection.get_experiment_by_name("mini")
    after = connection.get_experiment(store.experiment(connection, "mini", moved / "mlruns"))
    assert after.experiment_id != before.experiment_id
    assert after.artifact_location == (moved / "mlruns" / "mini").as_uri()
    assert store.experiment(connection, "mini", moved / "mlruns") == after.experiment_id


def test_the_tracking_uri_of_the_environment_is_honoured(monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://mlflow.example:5000")
    assert tracking_uri() == "http://mlflow.example:5000"
    with pytest.raises(UserError, match="open that address in a browser"):
        open_ui()


def test_the_ui_without_a_store_is_one_clear_error(tmp_path, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=r"there is no mlflow.db yet: make tables"):
        open_ui()


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


def test_runs_are_loaded_in_one_transaction_and_an_error_leaves_the_store_as_it_was(here, monkeypatch):
    connection = client(tracking_uri())
    before = client(tracking_uri())._tracking_client.store.ManagedSessionMaker
    with monkeypatch.context() as patch, pytest.raises(ZeroDivisionError):
        patch.setattr("tcclip.tracking.mlflow_api._artifacts", lambda *_: 1 / 0)
        load_runs(small_plan())
    assert entries() == []
    assert connection._tracking_client.store.ManagedSessionMaker == before
    assert load_runs(small_plan()) == "2 new, 0 replaced, 0 unchanged"
