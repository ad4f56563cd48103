"""A suite on a number of GPUs and cores: what feeds them, how long it takes, and where the bottleneck is."""

import re
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tcclip.cli.scale_lines import bottleneck, feeding_lines, scale_lines
from tcclip.cli.table_lines import hours, hours_in_words
from tcclip.errors import UserError
from tcclip.estimate import scale as scale_module
from tcclip.estimate.feeding import Clips
from tcclip.estimate.hours import Rates, estimates_of, rates_of, total
from tcclip.estimate.scale import (
    ARITHMETIC,
    CHAIN,
    DOWNLOAD,
    EXTRACTION,
    LOADING,
    Fetched,
    ScaleEstimate,
    Task,
    scale_of,
)
from tcclip.params.suite import Feeding
from tcclip.plan import layout, load_plan
from tcclip.plan.labelling import Labelling
from tcclip.process.files import write_json

FEEDING = Feeding(
    train_clips_per_s=50,
    test_clips_per_s=100,
    crop_clips_per_s=80,
    online_clips_per_s=10,
    extracted_videos_per_s=4,
    download_mb_per_s=50,
    source="here",
)
NOTHING = frozenset[str]()
patient = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])  # on busy machines


@pytest.fixture
def empty(tmp_path, monkeypatch):
    """A working directory without data and reports; params are the checkout's."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def task(name, gpu_hours, core_hours=0.0, needs=(), datasets=NOTHING):
    return Task(name, gpu_hours, core_hours, needs, frozenset(datasets))


@pytest.mark.parametrize(
    "clips, rate",
    [
        (Clips("training", 16, online=False), 50),
        (Clips("training", 32, online=False), 25),
        (Clips("training", 8, online=True), 20),
        (Clips("evaluation", 16, online=False), 100),
        (Clips("evaluation", 16, online=False, crops=True), 80),
        (Clips("evaluation", 32, online=True, crops=True), 5),
    ],
)
def test_a_core_loads_clips_by_their_frames_their_store_and_their_crops(clips, rate):
    assert clips.per_core(FEEDING) == rate


def test_a_job_takes_as_long_as_its_gpu_or_as_the_cores_that_feed_it():
    """Three trainings of 4 GPU-hours that each need 8 core-hours of loading."""
    tasks = tuple(task(name, 4, 8) for name in "abc")
    starved = ScaleEstimate(tasks, {}, gpus=1, cores=1)  # 8 hours each, one after the other
    assert (starved.wall, starved.bounds[0].what) == (24, LOADING)
    fed = ScaleEstimate(tasks, {}, gpus=1, cores=4)
    assert (fed.wall, fed.bounds[0].what) == (12, ARITHMETIC)
    assert [(b.what, b.hours) for b in fed.bounds] == [(ARITHMETIC, 12), (LOADING, 6), (CHAIN, 4)]
    many = ScaleEstimate(tasks, {}, gpus=3, cores=12)
    assert (many.wall, many.bounds[0].hours) == (4, 4)


def test_a_job_of_two_gpus_is_done_in_half_the_time_on_half_the_places():
    tasks = tuple(task(name, 4) for name in "abc")
    scale = ScaleEstimate(tasks, {}, gpus=5, cores=5, gpus_of_a_job=2)
    assert scale.places == 2
    assert scale.wall == 4  # two rounds of two hours


def test_frames_are_there_when_they_have_been_fetched_and_extracted_the_smallest_first():
    fetched = {"large": Fetched(3, 4, shards=9), "small": Fetched(1, 4, shards=9), "whole": Fetched(0, 3, shards=1)}
    scale = ScaleEstimate((task("train", 2, datasets=["large"]),), fetched, gpus=1, cores=2)
    # whole: 3 core-hours by one core; small: fetched at 1, extracted from 3 to 5; large: fetched at 4, from 5 to 7
    assert scale.ready == {"whole": 3, "small": 5, "large": 7}
    assert ScaleEstimate((), {"slow": Fetched(5, 4, shards=9)}, gpus=1, cores=2).ready == {"slow": 7}
    assert scale.wall == 9
    assert {b.what: b.hours for b in scale.bounds} == {EXTRACTION: 5.5, DOWNLOAD: 4, ARITHMETIC: 2, CHAIN: 2}


def test_the_bottleneck_is_named_with_how_much_longer_it_takes_than_the_next():
    scale = ScaleEstimate((task("a", 6, 1), task("b", 6, 1)), {}, gpus=1, cores=1)
    assert (
        bottleneck(scale.bounds) == "The bottleneck is GPU arithmetic: 12 hours, 2 times those of the longest training."
    )
    assert bottleneck([]) == "No part of it is known to take time."


tasks_ = st.lists(st.tuples(st.integers(1, 9), st.integers(0, 9), st.booleans()), min_size=1, max_size=10).map(
    lambda rows: tuple(
        task(str(i), gpu, core, (str(i - 1),) if after and i else ()) for i, (gpu, core, after) in enumerate(rows)
    )
)


@patient
@given(tasks_, st.integers(1, 6))
def test_more_gpus_never_take_longer_though_they_share_the_cores(tasks, cores):
    times = [ScaleEstimate(tasks, {}, gpus, cores).wall for gpus in range(1, 8)]
    assert all(later <= earlier + 1e-9 for earlier, later in pairwise(times))


@patient
@given(tasks_, st.integers(1, 5), st.integers(1, 9))
def test_the_wall_time_is_never_below_what_a_resource_takes_alone(tasks, gpus, cores):
    scale = ScaleEstimate(tasks, {}, gpus, cores)
    assert scale.wall >= scale.bounds[0].hours - 1e-9


@patient
@given(tasks_, st.integers(1, 5), st.integers(1, 9))
def test_the_bottleneck_is_another_one_when_the_rate_of_the_next_is_halved_that_is_near(tasks, gpus, cores):
    before = {b.what: b.hours for b in ScaleEstimate(tasks, {}, gpus, cores).bounds}
    slower = tuple(task(t.name, t.gpu_hours, 2 * t.core_hours, t.needs) for t in tasks)
    after = ScaleEstimate(slower, {}, gpus, cores).bounds[0]
    if 2 * before.get(LOADING, 0) > max(before.values()):
        assert (after.what, after.hours) == (LOADING, pytest.approx(2 * before[LOADING]))
    else:
        assert after.hours == max(before.values())


def test_the_tasks_of_a_plan_are_its_trainings_and_evaluations_and_take_its_hours(empty):
    plan = load_plan("paper")
    scale = scale_of(plan, gpus=8, cores=64)
    assert sum(t.gpu_hours for t in scale.tasks) == pytest.approx(total(estimates_of(plan).values()).hours)
    tasks = {t.name: t for t in scale.tasks}
    run = "few_shot-hmdb51-k2-tc_clip-s1024"
    assert tasks[f"evaluation of {run}"].needs == (f"training of {run}",)
    # 3,200 training clips, (6 validations x 2 views) and (2 evaluations x 2 views) of 1,530 videos
    feeding = plan.suite.feeding
    each = 3200 / feeding.train_clips_per_s, 12 * 1530 / feeding.test_clips_per_s, 4 * 1530 / feeding.test_clips_per_s
    assert tasks[f"training of {run}"].core_hours == pytest.approx(sum(each[:2]) / 3600)
    assert tasks[f"evaluation of {run}"].core_hours == pytest.approx(each[2] / 3600)
    crops = tasks["evaluation of fully_supervised-k400-tc_clip-s1024"]  # four clips of three crops of 19,877 videos
    assert crops.core_hours == pytest.approx(12 * 19877 / feeding.crop_clips_per_s / 3600)


def test_trainings_wait_for_their_pseudo_labels_and_for_the_run_that_they_start_from(empty):
    plan = load_plan("mini")
    tasks = {t.name: t for t in scale_of(plan, gpus=1, cores=1).tasks}
    labelled = [t for t in tasks.values() if any(n.startswith("labels ") for n in t.needs)]
    assert labelled and all(name in tasks for t in tasks.values() for name in t.needs)
    started = [run for run in plan.runs.values() if run.init]
    assert all(f"training of {run.init.name}" in tasks[f"training of {run.name}"].needs for run in started)


def test_labels_of_one_split_of_two_datasets_are_tasks_of_their_own(empty, monkeypatch):
    alike = {Labelling(role, "few_shot_k2", "maxi-labels", 8): [0.9] for role in ("hmdb51", "ucf101")}
    monkeypatch.setattr(scale_module, "labellings", lambda _: alike)
    monkeypatch.setattr(scale_module, "labelling_of", lambda *_: None)
    names = [task.name for task in scale_of(load_plan("mini"), gpus=1, cores=1).tasks]
    assert len(set(names)) == len(names) and sum(name.startswith("labels ") for name in names) == 2


def test_the_jobs_of_a_labelling_share_its_clips_of_which_each_video_has_one(empty, monkeypatch):
    monkeypatch.setattr(scale_module, "labellings", lambda _: {Labelling("k400", "train", "maxi-labels", 16): [0.9]})
    monkeypatch.setattr(scale_module, "labelling_of", lambda *_: None)
    plan = load_plan("paper")
    found = [task.core_hours for task in scale_of(plan, gpus=8, cores=64).tasks if task.name.startswith("labels ")]
    assert len(found) > 1 and sum(found) == pytest.approx(241_258 / plan.suite.feeding.test_clips_per_s / 3600)


def test_cores_for_a_gpu_are_what_it_takes_over_what_a_core_loads(empty):
    lines = list(feeding_lines(load_plan("paper"), FEEDING, Rates(10, {}, 25, "here"), cores=4))
    rows = {line.split("  ")[0]: line.split() for line in lines}
    assert rows["training, 16 frames, shards"][4:9] == ["10/s", "50/s", "0.2", "20", "GPUs"]
    assert rows["evaluation, 16 frames, shards"][4:9] == ["25/s", "100/s", "0.25", "16", "GPUs"]


def test_what_is_said_of_a_node_names_its_gpus_its_cores_the_wall_time_and_the_bottleneck(empty):
    plan = load_plan("paper")
    text = "\n".join(scale_lines(plan, None, None))
    assert text.startswith("On 8 GPUs and 64 processor cores:")
    assert "Wall time: " in text and "The bottleneck is GPU arithmetic: " in text and "Not counted: unpacking" in text
    assert rates_of(plan).train == plan.suite.throughput.train_views_per_s


def test_a_suite_on_the_cpu_has_no_gpus(empty):
    plan = load_plan("mini")
    assert "On 4 processor cores, 4 jobs at a time" in "\n".join(scale_lines(plan, None, 4))
    with pytest.raises(UserError, match="say --cores"):
        list(scale_lines(plan, 2, None))


def test_where_no_gpu_is_used_the_arithmetic_is_the_cores(empty):
    text = "\n".join(scale_lines(load_plan("mini"), None, 2))
    assert re.search(r"^arithmetic +\d+ min +0\.\d+ core-hours$", text, re.MULTILINE)
    assert "GPU" not in text and "Not counted: making videos" in text


def test_rates_that_were_measured_without_loading_are_said_to_leave_it_out(empty):
    path = layout.throughput("mini")
    path.parent.mkdir(parents=True)
    write_json(path, {"rows": [{"subject": "tc_clip", "mode": "eval", "views_per_s": 300}]})
    text = "\n".join(scale_lines(load_plan("mini"), None, 2))
    assert "Not counted: loading of videos and the start of jobs, making videos" in text


def test_the_mini_suite_takes_some_twenty_minutes_on_two_cores(empty):
    plan = load_plan("mini")
    assert 15 < 60 * scale_of(plan, gpus=2, cores=2).wall < 25


@pytest.mark.parametrize(
    ("amount", "cell", "words"),
    [
        (5555.4, "5,555", "5,555 hours"),
        (2.44, "2.44", "2.44 hours"),
        (0.35, "21 min", "21 min"),
        (0.005, "0.3 min", "0.3 min"),
        (0.0, "0", "0 hours"),
    ],
)
def test_less_than_an_hour_is_said_in_minutes(amount, cell, words):
    assert (hours(amount), hours_in_words(amount)) == (cell, words)
