"""A video of several splits goes through the vision tower once, and its scores are those of each split by itself."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pandas as pd
import pytest
from tiny_world import CLASSES, machine, make_world, training_job

from tcclip.evaluation import EvaluationJob, Subject, evaluate, together
from tcclip.models.vision.tower import VisionTower
from tcclip.params import load_method
from tcclip.params.protocol import Views
from tcclip.training import train

TWO = Views(temporal=2, spatial=1, mode="paper")
CENTRE = Views(temporal=1, spatial=1, mode="deterministic")
LISTS = {"one": (0, 1, 2, 3), "two": (2, 3, 4, 5), "three": (6, 3, 0)}  # numbers of test videos
TINY = {"tc.k": 4, "tc.alpha": 0.25}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    world = make_world(tmp_path_factory.mktemp("world"))
    splits = world / "splits"
    for name, numbers in LISTS.items():  # `three` has two of the classes, in another order
        rows = [f"test{number},{(number % 3 == 0) if name == 'three' else number % 3:d}\n" for number in numbers]
        (splits / f"{name}.csv").write_text("video,label\n" + "".join(rows))
    (splits / "classes" / "two.csv").write_text(f"label,name\n0,{CLASSES[2]}\n1,{CLASSES[0]}\n")
    return world


def subject(world: Path, method: str, folder: Path, **changes: object) -> Subject:
    job = training_job(world, method=load_method(method, {**(TINY if method == "tc_clip" else {}), **changes}))
    job = dataclasses.replace(job, folder=folder)
    train(job)
    weights = folder / "weights.safetensors"
    return Subject("run", job.method, job.backbone, weights, folder, 4, 5, job.machine)


def jobs(world: Path, out: Path, we: bool = False, views: Views = TWO) -> list[EvaluationJob]:
    return [
        EvaluationJob(
            name=f"{name}-{views.temporal}{'-we' * we}",
            split=world / "splits" / f"{name}.csv",
            classes=world / "splits" / "classes" / ("two.csv" if name == "three" else "all.csv"),
            frames=world / "frames",
            we=we,
            views=views,
            out=out / f"{name}-{views.temporal}{'-we' * we}.parquet",
        )
        for name in LISTS
    ]


@pytest.mark.parametrize("method", ["vifi_clip", "tc_clip", "x_clip"])
def test_predictions_and_numbers_are_those_of_every_split_by_itself(world: Path, tmp_path: Path, method: str) -> None:
    trained = subject(world, method, tmp_path / "run")
    together = jobs(world, tmp_path / "together") + jobs(world, tmp_path / "together", we=True)
    evaluate(trained, together)
    numbers = json.loads((trained.folder / "metrics.json").read_text())["evaluations"]
    alone = jobs(world, tmp_path / "alone") + jobs(world, tmp_path / "alone", we=True)
    for job, same in zip(alone, together, strict=True):
        evaluate(trained, [job])
        pd.testing.assert_frame_equal(pd.read_parquet(same.out), pd.read_parquet(job.out), rtol=0, atol=1e-6)
        own = json.loads((trained.folder / "metrics.json").read_text())["evaluations"][job.name]
        assert numbers[job.name] == own
    assert numbers["three-2"]["classes"] == 2 and numbers["two-2"]["n_videos"] == 4


def clips_seen(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many clips every pass through the vision tower has."""
    seen: list[int] = []
    forward = VisionTower.forward
    monkeypatch.setattr(
        VisionTower, "forward", lambda tower, video, *rest: seen.append(len(video)) or forward(tower, video, *rest)
    )
    return seen


def test_a_video_is_seen_once_for_all_splits_with_the_same_weights_and_views(
    world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained, seen = subject(world, "vifi_clip", tmp_path / "run"), clips_seen(monkeypatch)
    videos = len({number for numbers in LISTS.values() for number in numbers})
    evaluate(trained, jobs(world, tmp_path))
    assert sum(seen) == 2 * videos
    seen.clear()
    evaluate(trained, [*jobs(world, tmp_path), *jobs(world, tmp_path, we=True), *jobs(world, tmp_path, views=CENTRE)])
    assert sum(seen) == (2 + 2 + 1) * videos


def test_splits_that_share_no_video_have_batches_of_their_own(
    world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained, seen = subject(world, "vifi_clip", tmp_path / "run"), clips_seen(monkeypatch)
    first, _, third = jobs(world, tmp_path)
    apart = world / "splits" / "apart.csv"
    apart.write_text("video,label\ntest1,0\ntest2,1\ntest4,1\n")  # none of the third's, two of the first's
    evaluate(
        trained, [first, third, dataclasses.replace(third, name="apart", split=apart, out=tmp_path / "apart.parquet")]
    )
    assert seen == [8, 4]  # of the six different videos, two views each: the first list and what is shared with it
    seen.clear()
    evaluate(trained, [dataclasses.replace(first, split=apart), third])
    assert seen == [6, 6]


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_models_of_class_lists_share_one_vision_tower(
    world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, precision: str
) -> None:
    trained = subject(world, "tc_clip", tmp_path / "run")
    models, made = [], together.models_of
    monkeypatch.setattr(together, "models_of", lambda *asked: models.append(made(*asked)) or models[-1])
    evaluate(dataclasses.replace(trained, machine=machine(precision=precision)), jobs(world, tmp_path))
    first, second = models[0].values()
    assert first.visual is second.visual
    assert (first.classes, second.classes) == (3, 2)


def test_where_scores_depend_on_their_batch_every_split_has_its_own(
    world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained = subject(world, "vifi_clip", tmp_path / "run")
    monkeypatch.setattr(type(trained.method.score), "of_batch", True)
    seen = clips_seen(monkeypatch)
    evaluate(trained, jobs(world, tmp_path))
    assert sum(seen) == 2 * sum(map(len, LISTS.values()))


@pytest.mark.parametrize(("stop", "depend"), [("call", True), ("pair", False)])
def test_those_of_ost_do_as_its_authors_stop_the_transport(stop: str, depend: bool) -> None:
    assert load_method("ost", {"score.stop": stop}).score.of_batch is depend
    assert not load_method("tc_clip").score.of_batch
