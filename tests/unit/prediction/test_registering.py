"""A run as a model of MLflow's registry, with the data of its entry; MLflow loads it and predicts a table of videos."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

import tcclip
from tcclip.errors import UserError
from tcclip.plan import layout, load_plan
from tcclip.prediction.from_run import source_of_run
from tcclip.prediction.registering import register
from tcclip.process.files import sha256
from tcclip.tracking.address import tracking_uri
from tcclip.tracking.mlflow_api import client
from tcclip.tracking.store import experiment

pytestmark = pytest.mark.usefixtures("toy_tokenizer")
RUN = "few_shot-hmdb51-k16-tc_clip-s1024"  # of the checkout
CLASSES = ("bounce ball", "drop star", "grow heart")


@pytest.fixture
def entry(inside: Path) -> Iterator[str]:
    """The entry that the loader has made for the run."""
    connection = client(tracking_uri())
    tags = {"weights_sha256": sha256(layout.run("mini", RUN) / "weights.safetensors")}
    made = connection.create_run(experiment(connection, "mini"), run_name=RUN, tags=tags).info
    connection.set_terminated(made.run_id, end_time=made.start_time + 60_000)
    index = layout.mlflow_index("mini")
    index.parent.mkdir(parents=True, exist_ok=True)
    index.write_text(f"run,mlflow_run_id,mlflow_experiment_id\n{RUN},{made.run_id},{made.experiment_id}\n")
    yield str(made.run_id)
    index.unlink()


def as_it_was(entry: str) -> bool:
    """A run's entry says when its training has ended, and that it has."""
    info = client(tracking_uri()).get_run(entry).info
    return info.status == "FINISHED" and info.end_time == info.start_time + 60_000


def test_a_registered_run_is_loaded_and_predicts_what_the_run_predicts(entry: str, tmp_path: Path) -> None:
    import mlflow

    said = register(load_plan("mini"), RUN, source_of_run(RUN, "mini"), "ring watcher")
    assert said == f"ring watcher, version 1, of run {RUN}: models:/ring watcher/1"
    videos = pd.DataFrame({"video": ["clips/pouring.mp4", "clips/none.mp4"]})
    found = mlflow.pyfunc.load_model("models:/ring watcher/1").predict(videos)
    (own,) = tcclip.load(RUN, device="cpu", precision=None).predict(["clips/pouring.mp4"])
    assert found["class"][0] == own.classes[0] and found["probability"][0] == pytest.approx(own.probabilities[0])
    assert set(found["top5"][0].split("; ")) == set(CLASSES)
    assert found["class"][1] == "" and "none.mp4" in found["video"][1] and found["defect"][1]
    version = client(tracking_uri()).get_model_version("ring watcher", "1")
    assert version.run_id == entry
    assert as_it_was(entry)


def test_other_classes_are_a_parameter(entry: str) -> None:
    import mlflow

    register(load_plan("mini"), RUN, source_of_run(RUN, "mini"), "any")
    model = mlflow.pyfunc.load_model("models:/any/1")
    found = model.predict(pd.DataFrame({"video": ["clips/pouring.mp4"]}), params={"classes": "opening a door, pouring"})
    assert set(found["top5"][0].split("; ")) == {"opening a door", "pouring"}
    three = model.predict(pd.DataFrame({"video": ["clips/pouring.mp4"]}), params={"classes": "a door,, pouring,"})
    assert set(three["top5"][0].split("; ")) == {"a door", "pouring"}
    none = model.predict(pd.DataFrame({"video": pd.Series([], dtype=str)}))
    assert none.empty and list(none) == list(found)


def test_every_line_of_a_table_has_one_line_of_the_answer(entry: str, tmp_path: Path) -> None:
    """Also one that names no video or several: a blank, a folder, a list, of which `tcclip predict` would take all."""
    import mlflow

    (tmp_path / "list.csv").write_text("video\nclips/pouring.mp4\nclips/drawer.mp4\n")
    (tmp_path / "empty").mkdir()
    register(load_plan("mini"), RUN, source_of_run(RUN, "mini"), "lines")
    paths = ["clips/pouring.mp4", "", "clips", str(tmp_path / "list.csv"), str(tmp_path / "empty"), "clips/drawer.mp4"]
    found = mlflow.pyfunc.load_model("models:/lines/1").predict(pd.DataFrame({"video": paths}))
    assert list(found["video"]) == paths
    assert [bool(name) for name in found["class"]] == [not defect for defect in found["defect"]]
    assert [found["defect"][number] for number in (0, 1, 2, 3, 5)] == [
        "",
        "no file is named",
        *["has 2 videos, and a line has one file"] * 2,
        "",
    ]
    assert "no video under" in found["defect"][4]


def test_a_name_that_mlflow_does_not_take_is_one_sentence_and_the_run_stays_finished(entry: str) -> None:
    for name in ("hmdb51/tc_clip", "a:b", " "):
        with pytest.raises(UserError, match=f"--name must be words without / and : .got '{name}'"):
            register(load_plan("mini"), RUN, source_of_run(RUN, "mini"), name)
    assert as_it_was(entry)


def test_a_model_that_cannot_be_logged_leaves_the_runs_entry_as_it_was(
    entry: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tcclip.prediction.registering.SERVED", Path("nowhere.py"))
    with pytest.raises(Exception, match="nowhere"):
        register(load_plan("mini"), RUN, source_of_run(RUN, "mini"), "away")
    assert as_it_was(entry)


@pytest.mark.component
def test_mlflow_models_predict_runs_on_a_csv_of_videos(entry: str, tmp_path: Path) -> None:
    """As docs/mlflow.md tells it, in processes of MLflow's own."""
    register(load_plan("mini"), RUN, source_of_run(RUN, "mini"), "typed")
    (tmp_path / "videos.csv").write_text("video\nclips/pouring.mp4\nclips/none.mp4\nclips/drawer.mp4\n")
    mlflow = [sys.executable, "-m", "mlflow", "models", "predict", "-m", "models:/typed/1", "--env-manager", "local"]
    files = ["-t", "csv", "-i", str(tmp_path / "videos.csv"), "-o", str(tmp_path / "found.json")]
    root = str(Path(tcclip.__file__).parents[1])
    environment = {**os.environ, "MLFLOW_TRACKING_URI": tracking_uri(), "PYTHONPATH": root}
    done = subprocess.run([*mlflow, *files], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "found.json").read_text())["predictions"]
    own = tcclip.load(RUN, device="cpu", precision=None).predict(["clips/pouring.mp4", "clips/drawer.mp4"])
    assert [line["class"] for line in found] == [own[0].classes[0], "", own[1].classes[0]]
    assert [found[i]["probability"] for i in (0, 2)] == pytest.approx([one.probabilities[0] for one in own])
    assert set(found[0]["top5"].split("; ")) == set(CLASSES)
    assert "none.mp4" in found[1]["video"] and found[1]["defect"]


def test_a_run_without_an_entry_is_told_what_makes_one(inside: Path) -> None:
    with pytest.raises(UserError, match="snakemake mlflow --config suite=mini"):
        register(load_plan("mini"), RUN, source_of_run(RUN, "mini"), "any")


def test_an_entry_that_was_deleted_or_is_in_another_store_is_one_sentence(entry: str) -> None:
    made = r"entry .* of run .*: `rm mlruns/mini.csv; snakemake mlflow --config suite=mini` makes it again"
    client(tracking_uri()).delete_run(entry)
    with pytest.raises(UserError, match=f"has deleted the {made}"):
        register(load_plan("mini"), RUN, source_of_run(RUN, "mini"), "any")
    index = layout.mlflow_index("mini")
    index.write_text(index.read_text().replace(entry, "0" * 32))
    with pytest.raises(UserError, match=f"has no {made}"):
        register(load_plan("mini"), RUN, source_of_run(RUN, "mini"), "any")


def test_an_entry_of_other_weights_gets_no_model(entry: str) -> None:
    """The model's page leads to the entry's params and data, and they are not those of the weights."""
    client(tracking_uri()).set_tag(entry, "weights_sha256", "0" * 64)
    with pytest.raises(UserError, match=rf"{RUN}/weights.safetensors has changed since .*: `snakemake mlflow --config"):
        register(load_plan("mini"), RUN, source_of_run(RUN, "mini"), "any")


def test_nothing_is_written_into_the_checkout_that_this_one_was_copied_from(entry: str, tmp_path: Path) -> None:
    connection = client(tracking_uri())
    there = connection.create_experiment("elsewhere", artifact_location=tmp_path.as_uri())
    index = layout.mlflow_index("mini")
    index.write_text(index.read_text().replace(entry, connection.create_run(there).info.run_id))
    with pytest.raises(UserError, match=r"of a checkout in another folder, .*: `tcclip mlflow --suite mini`"):
        register(load_plan("mini"), RUN, source_of_run(RUN, "mini"), "any")
    assert list(tmp_path.iterdir()) == []


def test_a_store_that_does_not_answer_is_one_sentence(entry: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    again = f"`tcclip register {RUN} --name 'ring watcher' --we`"
    with pytest.raises(UserError, match=f"cannot be reached .*: {again} registers it when it answers"):
        register(load_plan("mini"), RUN, source_of_run(RUN, "mini", we=True), "ring watcher")
    with pytest.raises(UserError, match=f"cannot be reached .*: `tcclip register {RUN}` registers it when it answers"):
        register(load_plan("mini"), RUN, source_of_run(RUN, "mini"), RUN)


@pytest.mark.parametrize(
    ("uri", "trouble"),
    [("foo://host", "is 'foo://host', no store"), ("sqlite:////nowhere/mlflow.db", "the folder of MLflow's store")],
)
def test_an_address_that_no_waiting_cures_is_to_be_set_right_first(
    entry: str, uri: str, trouble: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    first = f"set that right first, and then `tcclip register {RUN} --name any` registers it"
    with pytest.raises(UserError, match=f"{trouble}.*: {first}"):
        register(load_plan("mini"), RUN, source_of_run(RUN, "mini"), "any")


def test_an_exported_folder_is_no_run_that_could_be_registered(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(UserError, match="is an exported model and no run: name the run itself"):
        source_of_run(tmp_path, "mini")


def test_a_folder_is_registered_in_the_entry_of_its_own_suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not in that of the run of the same name in the suite that is used where none is named."""
    from tcclip.cli import predict

    folder = tmp_path / "runs/paper" / RUN
    folder.mkdir(parents=True)
    (folder / "params.yaml").write_text("suite: paper\n")
    monkeypatch.chdir(tmp_path)
    source = SimpleNamespace(subject=SimpleNamespace(name=RUN))
    monkeypatch.setattr("tcclip.prediction.from_run.source_of_run", lambda *_: source)
    given: list[str] = []
    monkeypatch.setattr("tcclip.prediction.registering.register", lambda plan, *_: given.append(plan.suite.name))
    predict.register(f"runs/paper/{RUN}")
    assert given == ["paper"]
