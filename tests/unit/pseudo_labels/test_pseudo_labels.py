"""Pseudo-labels: what a frozen model says of the training videos, part by part, and the list of the surest."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from tiny_world import CLASSES, machine, make_world

from tcclip.data.clips.testing import ViewClips
from tcclip.data.splits.split_tables import read_split
from tcclip.data.videos.frames import open_frames
from tcclip.errors import UserError
from tcclip.estimate.hours import estimates_of
from tcclip.models import Backbone, build
from tcclip.params import load_dataset, load_method, load_suite
from tcclip.params.column import MeasuredColumn
from tcclip.params.protocol import CENTRE
from tcclip.params.table import Row, Table
from tcclip.plan import Plan, expand
from tcclip.plan.changes import changed_run
from tcclip.plan.labelling import labellings, shards_of, training_list
from tcclip.pseudo_labels.keep import agreement, threshold, write_list
from tcclip.pseudo_labels.label import LabellingJob, label_videos, read
from tcclip.stages import pseudo_labels, train

METHOD = load_method("maxi-labels")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_world(tmp_path_factory.mktemp("world"), broken=("train5",))


def job(world: Path, folder: str, **changes: object) -> LabellingJob:
    made = LabellingJob(
        method=METHOD,
        backbone=world / "backbone",
        split=world / "splits" / "train.csv",
        classes=world / "splits" / "classes" / "all.csv",
        frames=world / "frames",
        count=4,
        shards=2,
        out={number: world / folder / f"{number}.parquet" for number in range(2)},
        machine=machine(),
        max_missing=0.1,
        made_by="today",
    )
    return dataclasses.replace(made, **changes)


def test_a_video_gets_the_class_whose_text_is_most_like_its_centre_frames(world: Path) -> None:
    whole = job(world, "labels")
    assert label_videos(whole) == "12 videos labelled"  # one of the 13 has no frames
    rows = dict(row for path in whole.out.values() for row in read(path))
    store, backbone = open_frames(world / "frames"), Backbone.load(world / "backbone")
    model = build(METHOD, backbone, CLASSES, 4)
    clips = ViewClips(store, [video for video, _ in rows], CENTRE, 4, 32, METHOD, 0)
    with torch.no_grad():
        videos = torch.stack([model.encode_video(clip[None]).frames.mean(1)[0] for _, clip in clips])
        cosines = F.normalize(videos, dim=-1) @ F.normalize(model.finished(model.encode_classes()), dim=-1).T
    assert [label for _, label in rows] == cosines.argmax(dim=1).tolist()
    assert np.allclose(list(rows.values()), cosines.amax(dim=1), atol=1e-5)


def test_what_is_labelled_is_not_labelled_again_unless_something_else_would_make_it(world: Path) -> None:
    part = job(world, "parts", out={1: world / "parts" / "1.parquet"})
    assert label_videos(part) == "6 videos labelled"
    first = part.out[1].stat().st_mtime_ns
    assert label_videos(job(world, "parts")) == "6 videos labelled, 1 shards were there"
    assert label_videos(job(world, "parts")) == "all 2 shards are as they would be made"
    assert part.out[1].stat().st_mtime_ns == first
    other = job(world, "parts", made_by="tomorrow")
    assert label_videos(other) == "12 videos labelled"
    assert part.out[1].stat().st_mtime_ns != first


def test_any_number_of_parts_gives_the_same_labels(world: Path) -> None:
    for shards in (1, 3):
        made = job(world, f"of{shards}", shards=shards, out={n: world / f"of{shards}" / f"{n}" for n in range(shards)})
        label_videos(made)
    one, three = (sorted(row for path in (world / name).iterdir() for row in read(path)) for name in ("of1", "of3"))
    assert [video for video, _ in one] == [video for video, _ in three]
    assert np.allclose([cosine for _, cosine in one], [cosine for _, cosine in three], atol=1e-6)


def test_the_list_is_of_the_surest_videos_in_the_splits_order_with_their_pseudo_labels(world: Path) -> None:
    labelled = job(world, "labels")
    label_videos(labelled)
    shards, split, out = list(labelled.out.values()), world / "splits" / "train.csv", world / "kept.csv"
    rows = dict(row for path in shards for row in read(path))
    line = write_list(shards, split, 0.5, out)
    kept = read_split(out)
    least = sorted(rows.values())[6]
    assert kept == [row for video, _ in read_split(split) for row in rows if row[0] == video and rows[row] >= least]
    agree = np.mean([label == dict(read_split(split))[video] for video, label in rows])
    assert line.startswith(f"6 of 12 videos kept, from cosine {least:.4f}; {100 * agree:.1f} % of all labels")
    write_list(shards, split, 1.0, out)
    assert len(read_split(out)) == 12


@pytest.mark.parametrize(("keep", "least"), [(1.0, 0.1), (0.9, 0.2), (0.76, 0.3), (0.74, 0.4), (0.01, 1.0)])
def test_the_threshold_is_one_of_all_videos(keep: float, least: float) -> None:
    assert threshold([number / 10 for number in range(1, 11)], keep) == least


def test_agreement_is_of_the_labelled_videos() -> None:
    assert agreement([("a", 0), ("b", 1), ("c", 1), ("d", 0)], {"a": 0, "b": 1, "c": 0}) == 2 / 3


def plan_of(suite: str, method: str = "maxi") -> Plan:
    """Of a table with one row: trained on K-400, and on two videos of a class."""
    columns = [
        MeasuredColumn(name="zero", dataset="hmdb51", splits=["test1"], train_dataset="k400"),
        MeasuredColumn(name="k2", dataset="hmdb51", splits=["test1"], protocol="few_shot", shots=2),
    ]
    table = Table(name="one", title="One", protocol="zero_shot", columns=columns, rows=[Row(row="one", method=method)])
    cells, runs = expand(load_suite(suite), table)
    return Plan(load_suite(suite), {"one": table}, {"one": tuple(cells)}, {run.name: run for run in runs})


@pytest.mark.parametrize(("suite", "backbone", "dataset", "frames"), [("mini", "mini_clip", "mini_k400", 8)])
def test_a_training_on_k400_is_on_the_kept_list_and_others_are_on_their_own(
    suite: str, backbone: str, dataset: str, frames: int
) -> None:
    plan = plan_of(suite)
    folder = Path("data/backbones") / backbone / "pseudo_labels" / dataset / f"train-maxi-labels-{frames}f"
    zero, few = plan.runs.values()
    assert training_list(plan, zero) == folder / "kept-0.9.csv"
    assert training_list(plan, few) == Path("data/splits/mini_hmdb51/few_shot_k2.csv")
    assert train.depends_on(plan, zero.name).inputs[0] == folder / "kept-0.9.csv"
    (labelling,) = labellings(plan)
    assert pseudo_labels.outputs(plan, labelling, "{shard}") == [folder / "labels-{shard}.parquet"]
    assert plan_of(suite, "vifi_clip").runs and not labellings(plan_of(suite, "vifi_clip"))


def test_a_large_dataset_is_labelled_in_parts_and_the_hours_are_told() -> None:
    assert [shards_of(load_dataset(name)) for name in ("k400", "hmdb51", "mini_k400")] == [25, 1, 1]
    cost, plain = estimates_of(plan_of("mini")), estimates_of(plan_of("mini", "vifi_clip"))
    assert cost["pseudo-labels", "k400"].eval_views == 24 * 14 and ("pseudo-labels", "k400") not in plain
    whole, kept = (of["zero_shot", "k400"].train_views for of in (plain, cost))
    epochs = plan_of("mini").protocol("zero_shot").epochs
    assert whole // epochs == 336 and kept // epochs == 300  # of 302 videos whole steps of 4


def test_another_share_is_another_list_of_the_same_labels() -> None:
    plan = plan_of("mini")
    changed, name = changed_run(plan, next(iter(plan.runs)), ["protocol.pseudo_labels.keep=0.5"])
    assert training_list(changed, changed.run(name)).name == "kept-0.5.csv"
    assert changed.run(name).changed.trained
    assert labellings(changed).keys() == labellings(plan).keys()


def test_settings_of_other_trainings_say_nothing_of_pseudo_labels() -> None:
    plan = plan_of("mini", "vifi_clip")
    said = train.depends_on(plan, next(iter(plan.runs))).settings
    assert not [key for key in said if "pseudo_labels" in key]


def test_what_labels_must_not_be_trained() -> None:
    plan = plan_of("mini")
    changed, name = changed_run(plan, next(iter(plan.runs)), ["protocol.pseudo_labels.by=vifi_clip"])
    with pytest.raises(UserError, match=r"pseudo_labels\.by of protocol zero_shot names vifi_clip, which is trained"):
        training_list(changed, changed.run(name))


def test_a_dataset_without_pseudo_labels_says_what_asks_for_them() -> None:
    with pytest.raises(UserError, match="no run of suite mini trains on pseudo-labels of mini_ucf101"):
        pseudo_labels.of_dataset(plan_of("mini"), "mini_ucf101")
    with pytest.raises(
        UserError, match="unknown labelling of mini_k400 'train-x': did you mean 'train-maxi-labels-8f'"
    ):
        pseudo_labels.of_dataset(plan_of("mini"), "mini_k400", "train-x")


def test_the_settings_of_a_labelling_are_the_methods_and_its_frames() -> None:
    plan = plan_of("mini")
    (labelling,) = labellings(plan)
    told = pseudo_labels.settings(plan, labelling)
    assert told["frames"] == 8 and told["method.names.split_camel_case"] is False
    assert not [key for key in told if key.startswith(("method.recipe", "method.we", "method.protocols"))]
