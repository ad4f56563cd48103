"""What `tcclip plan` says before anything starts: videos, hours and disk, stated or measured."""

import json
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import pytest

from tcclip.cli import plan_lines
from tcclip.data.splits import own_list
from tcclip.estimate import sizes
from tcclip.estimate.disk import GB, Size, disk_of
from tcclip.estimate.hours import (
    Estimate,
    estimate_of,
    estimates_by_system,
    estimates_of,
    rates_of,
    total,
    validations,
    views_of_tests,
    views_of_training,
)
from tcclip.estimate.sizes import split_size
from tcclip.mini.datasets import CONTENTS
from tcclip.params import load_dataset, load_protocol
from tcclip.params.budget import SuiteBudget
from tcclip.params.dataset import Own
from tcclip.params.reader import merge, path_of, read_yaml
from tcclip.plan import layout, load_plan
from tcclip.plan.changes import changed_plan
from tcclip.process.files import write_json, write_text


@pytest.fixture
def empty(tmp_path, monkeypatch):
    """A working directory without data and reports; params are the checkout's."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "name, split, videos",
    [
        ("hmdb51", "few_shot_k2", 102),
        ("ucf101", "test1", 3783),
        ("ssv2", "few_shot_k16", 2784),
        ("k400", "train", 241258),
        ("k400", "base_train3", 3200),
        ("k600", "test3", 14136),
        ("k600_val7k", "test1", 7275),
    ],
)
def test_before_the_split_tables_are_made_the_paper_s_lists_are_counted_as_stated(empty, name, split, videos):
    assert split_size(load_dataset(name), split) == videos


@pytest.mark.parametrize(
    "split, videos", [("train2", 3570), ("few_shot_k4", 204), ("base_train1", 416), ("base_test", 780)]
)
def test_lists_that_are_drawn_here_are_counted_by_their_classes(empty, split, videos):
    assert split_size(load_dataset("hmdb51").model_copy(update={"lists": "official"}), split) == videos


def test_a_split_table_that_is_there_counts_itself(empty):
    write_text(layout.split("hmdb51", "few_shot_k2"), "video,label\na,0\nb,1\n")
    assert split_size(load_dataset("hmdb51"), "few_shot_k2") == 2


def test_a_table_and_a_list_are_read_once_as_long_as_they_are_the_same(empty, monkeypatch):
    read = Counter()
    for module, name in ((sizes.csv, "reader"), (own_list, "read_own")):
        real = getattr(module, name)
        monkeypatch.setattr(
            module, name, lambda *given, of=name, real=real, **more: read.update([of]) or real(*given, **more)
        )
    content = {"name": "kitchen", "format": "csv", "folder": "videos", "csv": "list.csv"}
    own = Own.model_validate(merge(read_yaml(path_of("datasets", "_csv")), content))
    table, listed = layout.split("hmdb51", "few_shot_k2"), Path("list.csv")
    for videos in (4, 6):
        write_text(table, "video,label\n" + "a,0\n" * videos)
        write_text(listed, "path,label\n" + "".join(f"{n}.mp4,{'run' if n % 2 else 'jump'}\n" for n in range(videos)))
        read.clear()
        assert {split_size(load_dataset("hmdb51"), "few_shot_k2") for _ in range(9)} == {videos}
        assert read["reader"] == 1
        assert {(split_size(own, "train1"), split_size(own, "few_shot_k4")) for _ in range(9)} == {(videos - 2, 8)}
        assert read["read_own"] == 1


@pytest.mark.parametrize("role", ["k400", "k600", "hmdb51", "ucf101", "ssv2"])
def test_the_stated_classes_of_a_stand_in_are_those_that_are_generated(role):
    dataset = load_dataset(f"mini_{role}")
    lists = CONTENTS[role](dataset.generate).lists
    found = {
        "k400": lambda: {line.split(",")[0] for line in lists["train.csv"].splitlines()[1:]},
        "k600": lambda: lists["ZS_split1_K600.csv"].splitlines()[1:],
        "hmdb51": lambda: [name for name in lists if name.endswith("_test_split1.txt")],
        "ucf101": lambda: lists["classInd.txt"].splitlines(),
        "ssv2": lambda: json.loads(lists["labels.json"]),
    }[role]()
    assert dataset.counts["classes"] == len(found)


def test_an_epoch_has_whole_steps_only():
    few_shot = load_plan("paper").protocol("few_shot")
    assert (few_shot.epochs, few_shot.total_batch) == (50, 64)
    assert [views_of_training(few_shot, videos) for videos in (63, 64, 102, 816)] == [0, 3200, 3200, 38400]


def test_the_last_epoch_is_validated_where_the_best_is_kept():
    few_shot = load_plan("paper").protocol("few_shot")
    assert validations(few_shot) == 6
    fewer = few_shot.model_copy(update={"validation": few_shot.validation.model_copy(update={"epochs": [0, 10]})})
    assert validations(fewer) == 3
    last = load_protocol("few_shot", SuiteBudget({"validation": {"epochs": [0, 10]}, "select": "last"}, "here"))
    assert validations(last) == 2
    assert validations(load_plan("paper").protocol("zero_shot")) == 10


def test_the_cost_of_a_run_is_its_training_its_validations_and_its_evaluations(empty):
    plan = load_plan("paper")
    run = plan.run("few_shot-hmdb51-k2-tc_clip-s1024")
    cost = estimate_of(plan, run, rates_of(plan))
    assert (cost.trainings, cost.evaluations) == (1, 2)  # the best epoch's weights and the last one's
    assert (cost.train_views, cost.eval_views) == (50 * 64, (6 * 2 + 2 + 2) * 1530)
    rates = plan.suite.throughput
    seconds = 3200 / rates.train_views_per_s + 24480 / rates.eval_views_per_s
    assert cost.hours == pytest.approx(seconds / 3600) and not cost.unknown


def test_a_video_of_several_test_splits_is_computed_once_but_where_scores_depend_on_their_batch(empty):
    plan = load_plan("paper")
    once, listed = 4243 + 11213 + 19058, 3 * 1530 + 11213 + 14084 + 13978 + 14136  # HMDB-51, UCF-101, K-600
    for run, videos in (("zero_shot-k400-vifi_clip-s1024", once), ("zero_shot-k400-ost-s1024", listed)):
        tests = plan.evaluations(run)
        ways, views = len({test.we for test in tests}), tests[0].views.count
        assert sum(clips for _, clips in views_of_tests(plan, plan.run(run))) == ways * views * videos
        assert len(tests) == ways * 9
    untrained = {test.role: clips for test, clips in views_of_tests(plan, plan.run("untrained-vanilla_clip"))}
    assert untrained == {
        "hmdb51": 2 * 4243,
        "ucf101": 2 * 11213,
        "k600": 2 * 19058,
        "ssv2": 2 * 24777,
        "k400": 2 * 19877,
    }


def test_videos_of_split_tables_that_are_there_are_counted(empty):
    plan = load_plan("mini")
    for name, numbers in (("test1", (1, 2, 3)), ("test2", (3, 4)), ("test3", (1,))):
        rows = "".join(f"v{number},0\n" for number in numbers)
        write_text(layout.split("mini_k600", name), "video,label\n" + rows)
    views = {
        (test.role, test.we): clips for test, clips in views_of_tests(plan, plan.run("zero_shot-k400-vifi_clip-s1024"))
    }
    assert views["k600", False] == views["k600", True] == 2 * 4


def test_every_crop_of_a_validation_and_of_an_evaluation_is_a_view(empty):
    name, plan = "few_shot-hmdb51-k2-tc_clip-s1024", load_plan("paper")
    crops = changed_plan(plan, ["protocol.views.spatial=3"])
    one, three = (estimate_of(each, each.run(name), rates_of(plan)) for each in (plan, crops))
    assert (three.train_views, three.eval_views) == (one.train_views, 3 * one.eval_views)


def test_a_training_on_pseudo_labels_sees_the_videos_that_it_keeps(empty):
    plan = load_plan("mini")
    run = plan.run("zero_shot-k400-maxi-common-s1024")
    protocol, listed = plan.protocol_for(run), split_size(plan.dataset("k400"), "train")
    expected, of_all = (views_of_training(protocol, round(keep * listed)) for keep in (0.9, 1))
    assert estimate_of(plan, run, rates_of(plan)).train_views == expected < of_all


def test_the_account_holds_every_training_and_evaluation_once(empty):
    plan = load_plan("paper")
    costs = estimates_of(plan)
    everything = total(costs.values())
    assert everything.trainings == sum(run.trained for run in plan.runs.values())
    assert everything.evaluations == sum(len(plan.evaluations(run)) for run in plan.runs)
    assert costs["untrained", "-"].trainings == costs["untrained", "-"].train_views == 0
    # methods.md 12: a K-400 training of 30 epochs takes 22 to 24 hours on 8 A100
    of_k400 = costs["fully_supervised", "k400"]
    assert 22 * 8 < of_k400.hours / of_k400.trainings < 1.3 * 24 * 8


def test_the_account_by_system_holds_both_recipes_and_the_variants_of_each(empty):
    plan = load_plan("paper")
    costs = estimates_by_system(plan)
    assert total(costs.values()).hours == pytest.approx(total(estimates_of(plan).values()).hours)
    assert costs["x_clip"].trainings == sum(run.method in ("x_clip", "x_clip-common") for run in plan.runs.values())
    assert costs["vanilla_clip"].trainings == 0
    assert {name for name in costs if "-" in name} == set()


def test_measured_rates_take_the_place_of_stated_ones(empty):
    plan = load_plan("paper")
    stated = plan.suite.throughput
    rows = [
        {"subject": name, "mode": "eval", "views_per_s": speed} for name, speed in (("vifi_clip", 90), ("tc_clip", 60))
    ]
    write_json(layout.throughput("paper"), {"rows": rows})
    rates = rates_of(plan)
    assert rates.evaluate == {"vifi_clip": 90, "tc_clip": 60} and rates.other == 60
    assert rates.train == pytest.approx(60 * stated.train_views_per_s / stated.eval_views_per_s)
    assert "measured" in rates.source and str(layout.throughput("paper")) in rates.source
    write_json(
        layout.throughput("paper"), {"rows": [*rows, {"subject": "tc_clip", "mode": "train", "views_per_s": 20}]}
    )
    assert rates_of(plan).train == 20
    faster = [{"subject": name, "mode": "train", "views_per_s": speed} for name, speed in (("a5", 30), ("ost", 25))]
    write_json(layout.throughput("paper"), {"rows": [*rows, *faster]})
    assert rates_of(plan).train == 25  # the slowest


def test_a_split_of_unknown_size_is_named_and_not_counted(empty, monkeypatch):
    plan = load_plan("paper")
    for module in ("hours", "sizes"):
        monkeypatch.setattr(f"tcclip.estimate.{module}.split_size", lambda dataset, split: None)
    cost = estimate_of(plan, plan.run("few_shot-hmdb51-k2-tc_clip-s1024"), rates_of(plan))
    assert cost == Estimate(1, 2, unknown=frozenset({"hmdb51 few_shot_k2", "hmdb51 test1"}))
    assert total([cost, Estimate(unknown=frozenset({"ssv2 train"}))]).unknown == {*cost.unknown, "ssv2 train"}


def test_trainings_without_one_whole_step_are_named_before_they_start(empty, monkeypatch):
    assert not any(total(estimates_of(load_plan(suite)).values()).too_few for suite in ("mini", "paper"))
    plan = load_plan("mini")
    batch = plan.protocol("few_shot").total_batch
    counted = {"few_shot_k2": batch - 1, "few_shot_k4": batch}
    monkeypatch.setattr("tcclip.estimate.hours.split_size", lambda dataset, split: counted.get(split, 100))
    said = " ".join(plan_lines.cost_lines(plan)).partition("Fewer training videos than one optimizer step takes: ")[2]
    assert f"mini_hmdb51 few_shot_k2 ({batch - 1} videos, protocol few_shot)" in said and "few_shot_k4" not in said


def test_sizes_on_the_disk_are_stated_until_the_data_are_there(empty):
    dataset = load_dataset("hmdb51")
    before = disk_of(dataset)
    assert (before.videos, before.download, before.raw) == (6766, Size(2.1 * GB), Size(2.1 * GB))
    assert before.frames.bytes == pytest.approx(6766 * dataset.sources.frames_mb * 1e6) and not before.frames.measured
    write_text(layout.manifest("hmdb51"), "path,bytes\nvideos/a.avi,5\nvideos/b.avi,6\nlists/c.txt,1\n")
    write_text(layout.frames_index("hmdb51"), "")
    write_text(layout.shard("hmdb51", 0)[0], "1234")
    after = disk_of(dataset)
    assert (after.videos, after.raw, after.frames) == (2, Size(12, True), Size(4, True))


def test_videos_that_are_at_hand_are_not_downloaded_and_online_datasets_store_no_frames(empty):
    dataset = load_dataset("hmdb51")
    online = dataset.frames.model_copy(update={"store": "online"})
    disk = disk_of(dataset.model_copy(update={"folder": "/videos", "frames": online}))
    assert disk.download == disk.frames == Size(0, True)


def test_free_space_is_that_of_the_disks_on_which_data_will_lie(empty, monkeypatch):
    gigabytes = {empty / "large": 3000, Path("/dev/shm"): 500}

    def disk_usage(path):
        return SimpleNamespace(free=next(GB * gigabytes[p] for p in Path(path).resolve().parents if p in gigabytes))

    monkeypatch.setattr("shutil.disk_usage", disk_usage)
    (empty / "large/data").mkdir(parents=True)
    (empty / "data").symlink_to(empty / "large/data")
    assert "Free on the disk of data: 3,000 GB." in "\n".join(plan_lines.disk_lines(load_plan("mini")))
    with tempfile.TemporaryDirectory(dir="/dev/shm") as fast:  # another disk
        (empty / "data/frames").symlink_to(fast)
        said = " ".join(plan_lines.disk_lines(load_plan("mini")))
    assert "Free: 3,000 GB on the disk of data/downloads, 500 GB on the disk of data/frames." in said


def test_the_account_is_printed_without_torch_data_or_network(empty):
    code = (
        "import socket, sys; socket.socket.connect = None\n"
        "from tcclip.cli.app import app; app(['plan', '--suite', 'paper'], standalone_mode=False)\n"
        "print({'torch', 'pandas', 'open_clip'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert lines[-1] == "set()"
    assert lines[0].split()[:2] == ["protocol", "trained"] and lines[0].endswith("GPU-hours")
    assert any(re.match(r"zero_shot +k400 +\d+ ", line) for line in lines)
    assert any(re.match(r"k400 +261,072 +~388 ", line) for line in lines)
    assert "trainings, " in done.stderr


def test_every_run_is_one_line_when_asked_for(empty):
    plan = load_plan("mini")
    lines = list(plan_lines.run_lines(plan))
    assert len(lines) == len(plan.runs)
    assert lines[0].endswith(" ".join(plan.tables_of(next(iter(plan.runs)))))
