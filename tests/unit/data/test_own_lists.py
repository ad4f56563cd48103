"""A dataset of one's own: its YAML, its CSV, and its place in the plan; every mistake is one sentence."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tcclip.data.splits.own_list import read_own
from tcclip.data.splits.split_tables import read_classes, read_split
from tcclip.data.splits.write import write_splits
from tcclip.data.videos.listing import video_id
from tcclip.errors import UserError
from tcclip.params import load_dataset
from tcclip.params.reader import params_folder
from tcclip.plan import load_plan
from tcclip.plan.own import TARGETS
from tcclip.stages import splits, train
from tcclip.workflow.snakefile import check_names

ROOT = Path(__file__).parents[3]
MINIMAL = {"format": "csv", "folder": "videos", "csv": "list.csv"}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working directory with params of its own, and a suite of two tables."""
    shutil.copytree(params_folder(), tmp_path / "params")
    suite = tmp_path / "params/suites/mini.yaml"
    suite.write_text(yaml.safe_dump(yaml.safe_load(suite.read_text()) | {"tables": ["table2", "table3"]}))
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TCCLIP_PARAMS", raising=False)
    load_plan.cache_clear()
    yield tmp_path
    load_plan.cache_clear()


def own(place, lines=(), name="kitchen", **content):
    (place / f"params/datasets/{name}.yaml").write_text(yaml.safe_dump({**MINIMAL, **content}))
    (place / "list.csv").write_text("\n".join(lines))
    return load_dataset(name)


def test_three_lines_are_enough_and_the_rest_has_defaults(folder):
    dataset = own(folder, frames={"short_side": 64})
    assert dataset.all_splits == ["train1", "test1", "few_shot_k2", "few_shot_k4"]
    assert (dataset.flip, dataset.suite, dataset.frames.short_side, dataset.frames.shards) == (True, "mini", 64, 4)


def test_a_video_is_its_path_below_the_folder_without_the_suffix():
    assert [video_id(name, "csv") for name in ("a/1.mp4", "b/1.MP4", "./c/x.y.webm", "d/v1.5")] == [
        "a/1",
        "b/1",
        "c/x.y",
        "d/v1.5",
    ]


def test_a_column_split_decides_what_trains(folder):
    lines = ["label,path,split", "pouring water, a/1.mp4 ,train", "", '"opening, a drawer",b/1.mp4,test']
    classes, splits = read_own(own(folder, lines))
    assert classes == {"all": ["opening, a drawer", "pouring water"]}
    assert splits == {"train1": [("a/1", 1)], "test1": [("b/1", 0)]}


def test_a_quoted_name_may_hold_a_line_break_and_lines_may_end_as_on_windows(folder):
    lines = ["path,label,split\r", '"two\nlines.mp4",a,train\r', "1.mp4,a,test\r", ""]
    assert read_own(own(folder, lines))[1] == {"train1": [("two\nlines", 0)], "test1": [("1", 0)]}


def listed(**counts):
    return ["path,label", *(f"{label}/{n}.mp4,{label}" for label, count in counts.items() for n in range(count))]


def test_without_it_a_share_of_every_class_is_drawn_for_the_test(folder):
    splits = read_own(own(folder, listed(a=10, b=4, c=2, d=9)))[1]
    tested = [label for _, label in splits["test1"]]
    assert [tested.count(label) for label in range(4)] == [3, 1, 1, 3]  # 30 %, rounded
    assert not {video for video, _ in splits["train1"]} & {video for video, _ in splits["test1"]}
    assert len(splits["train1"]) == 17


def test_the_draw_depends_on_the_seed_and_on_no_other_class(folder):
    def tested(lines, **content):
        return {video for video, _ in read_own(own(folder, lines, **content))[1]["test1"] if video.startswith("b/")}

    first = tested(listed(a=10, b=10))
    assert first == tested(listed(b=10)) == tested(["path,label", *reversed(listed(b=10)[1:])])
    assert first != tested(listed(b=10), split_seed=2)


def test_every_class_has_a_draw_of_its_own(folder):
    tested = [video.split("/") for video, _ in read_own(own(folder, listed(a=10, b=10, c=10)))[1]["test1"]]
    assert len({tuple(sorted(number for name, number in tested if name == label)) for label in "abc"}) == 3


def test_the_split_tables_hold_few_shot_lists(folder):
    write_splits(own(folder, listed(a=6, b=6)), Path("raw"), Path("out"))
    assert [label for _, label in read_split(Path("out/few_shot_k4.csv"))] == [0] * 4 + [1] * 4
    assert read_classes(Path("out/classes/all.csv")) == ("a", "b")


def test_whole_paths_below_the_folder_are_understood(folder):
    lines = ["path,label,split", f"{folder}/videos/a/1.mp4,a,train", f"{folder}/videos/a/2.mp4,a,test"]
    assert read_own(own(folder, lines))[1]["train1"] == [("a/1", 0)]


@pytest.mark.parametrize(
    "lines, sentence",
    [
        ([], "list.csv lists no videos: write path,label and, if you like, split and group into its first line"),
        (
            ["path,class"],
            "unknown column 'class': its first line is 'path,class', and path,label",
        ),
        (["path"], "column label is missing"),
        (["path,label"], "list.csv lists no videos"),
        (["path,label", "1.mp4,a", "2.mp4, "], "line 3: the label is empty"),
        (["path,label", "1.mp4,open, close"], "line 2: 3 cells, and the first line has 2: put text with commas"),
        (["path,label", "1.mp4,a", "1.avi,b"], "line 3: 1.avi is listed in line 2 already"),
        (["path,label", "1.mp4,a", "2.mp4,a", "3.mp4,b"], "class 'b' has one video, and one to train and one to test"),
        (["path,label,split", "1.mp4,a,val"], "line 2: split must be train or test (got 'val')"),
        (["path,label", "/elsewhere/1.mp4,a"], "line 2: /elsewhere/1.mp4 is not below the dataset's folder"),
    ],
)
def test_a_mistake_in_the_list_is_one_sentence(folder, lines, sentence):
    with pytest.raises(UserError, match=re.escape(sentence)):
        read_own(own(folder, lines))


def test_a_list_that_is_not_there_is_named(folder):
    dataset = own(folder, csv="lst.csv")
    with pytest.raises(UserError, match=r"params/datasets/kitchen\.yaml: csv: lst\.csv is not there"):
        read_own(dataset)
    assert splits.inputs(dataset) == [Path("data/raw/kitchen/manifest.csv")]


@pytest.mark.parametrize(
    "content, sentence",
    [
        ({"csv": None}, "format: csv needs csv"),
        ({"folder": None}, "format: csv needs folder"),
        ({"splits": ["train1"]}, "format: csv has the splits [train1, test1]"),
        ({"test_share": 1}, "test_share: input should be less than 1"),
        ({"few_shots": {}}, "unknown key 'few_shots': did you mean 'few_shot'?"),
        ({"suite": "minni"}, "'minni': did you mean 'mini'?"),
        ({"protocols": {"fewshot": {}}}, "unknown protocol 'fewshot': did you mean 'few_shot'?"),
        ({"protocols": {"few_shot": {"epoch": 3}}}, "kitchen.yaml: protocols.few_shot: unknown key 'epoch'"),
        ({"methods": ["tcclip"]}, "unknown method 'tcclip': did you mean 'tc_clip'?"),
    ],
)
def test_a_mistake_in_the_file_is_one_sentence(folder, content, sentence):
    with pytest.raises(UserError, match=re.escape(sentence)):
        own(folder, **content)
        plan = load_plan("mini")
        [plan.protocol_for(run) for run in plan.runs.values()]


@pytest.mark.parametrize(
    "lines, sentence",
    [
        ({"format": "csv", "folder": None, "foldr": "videos"}, "unknown key 'foldr': did you mean 'folder'?"),
        ({"formt": "csv"}, "kitchen.yaml: unknown key 'formt': did you mean 'format'?"),
        ({"format": "CSV"}, "kitchen.yaml: csv is for datasets of one's own, with format: csv"),
        ({"folder": "videos"}, "kitchen.yaml: csv is for datasets of one's own, with format: csv"),
    ],
)
def test_a_file_that_wants_to_be_of_ones_own_is_not_passed_over(folder, lines, sentence):
    content = {**MINIMAL, "format": None, **lines}
    written = {key: value for key, value in content.items() if value is not None}
    (folder / "params/datasets/kitchen.yaml").write_text(yaml.safe_dump(written))
    with pytest.raises(UserError, match=re.escape(sentence)):
        load_plan("mini")


@pytest.mark.parametrize(
    "name, sentence",
    [
        ("ucf101", "'ucf101' is a dataset of suite mini already"),
        ("table3", "'table3' is a table of suite mini already"),
        ("tables", r"params/datasets/tables\.yaml: 'tables' is a target of snakemake already: give the file another"),
        ("frames", "'frames' is a target of snakemake already"),
        ("my-videos", "'my-videos' cannot be a dataset's name: use small letters, digits and _ only"),
    ],
)
def test_a_name_that_means_something_else_is_refused(folder, name, sentence):
    own(folder, name=name)
    with pytest.raises(UserError, match=sentence):
        load_plan("mini")


def test_the_targets_that_are_known_beforehand_are_the_rules_of_the_snakefile():
    rules = "".join(path.read_text() for path in sorted((ROOT / "workflow/rules").glob("*.smk")))
    assert set(re.findall(r"^ *(?:use rule \w+ as|rule) (\w+)(?: with)?:", rules, re.MULTILINE)) == TARGETS


@dataclass
class Rule:
    """What is asked of a rule of Snakemake."""

    name: str


def test_a_name_that_a_rule_of_another_dataset_has_is_refused(folder):
    own(folder, name="splits_ucf101")
    plan = load_plan("mini")
    with pytest.raises(
        SystemExit, match=r"splits_ucf101\.yaml: 'splits_ucf101' is a target of snakemake already: give"
    ):
        check_names(plan, [Rule("shard"), Rule("splits_ucf101")])
    check_names(plan, [Rule("shard")])


def test_csv_keys_are_refused_elsewhere(folder):
    path = folder / "params/datasets/mini_ucf101.yaml"
    path.write_text(path.read_text() + "csv: list.csv\n")
    with pytest.raises(UserError, match="csv is for datasets of one's own, with format: csv"):
        load_dataset("mini_ucf101")


def test_its_table_has_zero_shot_from_k400_and_few_shot_of_each_k(folder):
    own(folder, few_shot={"seed": 1, "shots": [1, 8]})
    plan = load_plan("mini")
    cells = {cell.column: cell for cell in plan.cells["kitchen"] if cell.row == "TC-CLIP"}
    (zero,), (one,) = cells["zero_shot"].evaluations, cells["k1"].evaluations
    assert (zero.run, zero.role, zero.split) == ("zero_shot-k400-tc_clip-s1024", "kitchen", "test1")
    assert (one.run, one.role) == ("few_shot-kitchen-k1-tc_clip-s1024", "kitchen")
    assert list(cells) == ["zero_shot", "k1", "k8"]
    assert {cell.row for cell in plan.cells["kitchen"]} == {"Vanilla CLIP", "ViFi-CLIP", "TC-CLIP"}


def test_no_other_table_changes_and_no_other_suite_has_it(folder):
    before = load_plan("mini")
    load_plan.cache_clear()
    own(folder)
    after = load_plan("mini")
    assert {name: after.cells[name] for name in before.cells} == before.cells
    assert set(after.runs) - set(before.runs) == {
        f"few_shot-kitchen-k{k}-{method}-s1024" for k in (2, 4) for method in ("vifi_clip", "tc_clip")
    }
    assert "kitchen" not in load_plan("paper").suite.datasets
    for name, run in before.runs.items():
        if run.trained:
            assert train.depends_on(before, name).settings == train.depends_on(after, name).settings


def test_a_budget_of_its_own_is_its_trainings_alone(folder):
    own(folder, protocols={"few_shot": {"total_batch": 8}})
    plan = load_plan("mini")
    assert plan.protocol_for(plan.run("few_shot-kitchen-k2-tc_clip-s1024")).total_batch == 8
    assert plan.protocol_for(plan.run("few_shot-ucf101-k2-tc_clip-s1024")).total_batch == 4


def test_seeds_of_its_own_are_its_trainings_alone(folder):
    own(folder, protocols={"few_shot": {"seeds": [7, 8]}})
    seeds = {
        role: {run.seed for run in load_plan("mini").runs.values() if run.role == role}
        for role in ("kitchen", "ucf101")
    }
    assert seeds == {"kitchen": {7, 8}, "ucf101": {1024}}


@pytest.mark.parametrize(
    "content, sentence",
    [
        ({"methods": ["tc_clip", "vifi_clip", "tc_clip"]}, r"methods: tc_clip is there twice: take one out"),
        ({"few_shot": {"seed": 1, "shots": [2, 4, 2]}}, r"few_shot\.shots: 2 is there twice: take one out"),
    ],
)
def test_a_row_or_column_that_is_named_twice_is_refused(folder, content, sentence):
    with pytest.raises(UserError, match=rf"params/datasets/kitchen\.yaml: {sentence}"):
        own(folder, **content)
