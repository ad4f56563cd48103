"""What a load does with runs and rows that are new, changed, followed live, or gone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pytest
import yaml
from hand_made import write_run
from tracked_runs import TRAINED, UNTRAINED, entries, parts, small_plan

from tcclip.errors import UserError
from tcclip.plan import Plan
from tcclip.tracking import checkout, run_entry, store
from tcclip.tracking.address import tracking_uri
from tcclip.tracking.description import tags_of
from tcclip.tracking.live import opening, points_of
from tcclip.tracking.loader import load_runs
from tcclip.tracking.mlflow_api import client
from tcclip.tracking.run_entry import run_key


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
        patch.setattr("tcclip.tracking.mlflow_api.log_artifacts", lambda *_: 1 / 0)
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


def test_loading_again_adds_nothing(here):
    load_runs(small_plan())
    before = {entry.info.run_id for entry in entries()}
    index, loaded = Path("mlruns/mini.csv").read_text(), Path("reports/mini/mlflow.csv").read_text()
    assert load_runs(small_plan()) == "0 new, 0 replaced, 2 unchanged"
    assert {entry.info.run_id for entry in entries()} == before
    assert (Path("mlruns/mini.csv").read_text(), Path("reports/mini/mlflow.csv").read_text()) == (index, loaded)
    assert index.splitlines()[0] == "run,mlflow_run_id,mlflow_experiment_id"
    assert {line.split(",")[1] for line in index.splitlines()[1:]} == before


def test_what_travels_of_a_load_is_the_same_in_every_store(here, monkeypatch):
    """DVC has it: with entries' numbers in it, two machines would take turns in changing the results."""
    load_runs(small_plan())
    loaded, index = Path("reports/mini/mlflow.csv").read_bytes(), Path("mlruns/mini.csv").read_bytes()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{Path('other.db').absolute()}")
    store.create_store()
    load_runs(small_plan())
    assert Path("reports/mini/mlflow.csv").read_bytes() == loaded and Path("mlruns/mini.csv").read_bytes() != index


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
    told = f"run {TRAINED.name} of suite mini has no evaluation of its weights: 'snakemake mlflow --config suite=mini'"
    with pytest.raises(UserError, match=told):
        load_runs(small_plan())
    assert entries() == []


def test_an_error_leaves_the_store_as_it_was_and_the_next_load_completes_it(here, monkeypatch):
    with monkeypatch.context() as patch, pytest.raises(ZeroDivisionError):
        patch.setattr("tcclip.tracking.new_entries.log_artifacts", lambda *_: 1 / 0)
        load_runs(small_plan())
    assert entries() == []
    assert load_runs(small_plan()) == "2 new, 0 replaced, 0 unchanged"


def test_what_a_cut_load_has_written_is_kept_and_the_next_one_loads_the_rest(here, monkeypatch):
    monkeypatch.setattr("tcclip.tracking.loader.AT_ONCE", 1)
    with monkeypatch.context() as patch, pytest.raises(ZeroDivisionError):
        patch.setattr(run_entry, "splits_of", lambda plan, run: [] if run == TRAINED else 1 / 0)
        load_runs(small_plan())
    (before,) = entries()
    assert load_runs(small_plan()) == "1 new, 0 replaced, 1 unchanged"
    assert before.info.run_id in {entry.info.run_id for entry in entries()}


@pytest.fixture
def one_of_two(monkeypatch):
    """Two checkouts fill one store: call it with a name to be that one, whose trained run has an accuracy."""
    monkeypatch.setattr(checkout, "is_shared", lambda uri: True)

    def become(name: str, top1: float) -> None:
        checkout.FILE.parent.mkdir(exist_ok=True)
        checkout.FILE.write_text(name)
        folder = Path("runs/mini") / TRAINED.name
        before = (folder / "metrics.json").read_text()
        write_run(folder, TRAINED, parts(top1))
        assert (folder / "metrics.json").read_text() != before or top1 == 40.0

    return become


def shown() -> set[tuple[str, float]]:
    """Checkout and accuracy of the entries of the trained run."""
    found = entries(f"tags.run = '{TRAINED.name}'")
    return {(entry.data.tags["checkout"], entry.data.metrics["top1_ssv2"]) for entry in found}


def test_checkouts_that_share_a_store_keep_each_others_runs_and_replace_their_own(here, one_of_two):
    one_of_two("first", 40.0)
    load_runs(small_plan())
    one_of_two("second", 45.0)
    assert load_runs(small_plan()) == "1 new, 0 replaced, 1 unchanged"  # the other run is the same in both
    assert shown() == {("first", 40.0), ("second", 45.0)}
    one_of_two("first", 50.0)
    assert load_runs(small_plan()) == "0 new, 1 replaced, 1 unchanged"
    assert shown() == {("first", 50.0), ("second", 45.0)}


def test_checkouts_that_share_a_store_keep_each_others_rows(here, one_of_two):
    table = here / "reports/mini/tables/table3.csv"
    table.parent.mkdir(parents=True)
    head = "table,group,row,column,value,std,n_videos,source,published,published_std,runs\n"
    line = f"table3,,TC-CLIP,ssv2_k2,{{}},,96,measured,,,{TRAINED.name}\n"
    for name, top1 in (("first", 40.0), ("second", 45.0), ("first", 50.0)):
        one_of_two(name, top1)
        table.write_text(head + line.format(top1))
        load_runs(small_plan())
    rows = {(entry.data.tags["checkout"], entry.data.metrics["ssv2_k2"]) for entry in entries("tags.kind = 'row'")}
    assert rows == {("first", 50.0), ("second", 45.0)}
    table.write_text(head)
    load_runs(small_plan())
    assert [entry.data.tags["checkout"] for entry in entries("tags.kind = 'row'")] == ["second"]


def test_an_entry_that_names_no_checkout_is_nobodys_where_several_share_a_store(here, one_of_two):
    one_of_two("first", 40.0)
    connection = client(tracking_uri())
    tags = {"run": TRAINED.name, "training": "of an older version", "run_key": "old"}
    number = connection.create_run(store.experiment(connection, "mini"), tags=tags).info.run_id
    connection.set_terminated(number, "FINISHED")
    assert load_runs(small_plan()) == "2 new, 0 replaced, 0 unchanged"
    assert number in {entry.info.run_id for entry in entries()}


def test_a_checkout_has_one_name_however_many_ask_for_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        assert len({*pool.map(lambda _: checkout.own(), range(32))}) == 1
    assert [path.name for path in Path("mlruns").iterdir()] == ["checkout.txt"]
