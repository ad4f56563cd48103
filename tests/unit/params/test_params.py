"""Params have one reader; a mistake in a file becomes one sentence that names the file, the key and what is allowed."""

import hashlib
import re
import shutil

import pytest
import yaml

from tcclip.errors import UserError
from tcclip.params import load_dataset, load_method, load_protocol, load_suite, load_table
from tcclip.params.architecture import BackboneConfig
from tcclip.params.budget import SuiteBudget
from tcclip.params.column import MeasuredColumn
from tcclip.params.reader import merge, names, params_folder, read_yaml, undotted, validate, versions
from tcclip.params.suite import Suite
from tcclip.params.table import Table
from tcclip.params.variants import method_names

KINDS = ("suites", "datasets", "protocols", "methods", "tables", "figures")


@pytest.mark.parametrize(
    "kind, load",
    [
        ("suites", load_suite),
        ("datasets", load_dataset),
        ("protocols", load_protocol),
        ("methods", load_method),
        ("tables", load_table),
    ],
)
def test_every_committed_file_is_valid(kind, load):
    assert names(kind)
    for name in names(kind):
        assert load(name).name == name


def test_what_editors_and_systems_put_beside_the_files_is_none_of_them(monkeypatch, tmp_path):
    """Emacs marks a file with unsaved changes by a link to nowhere; macOS keeps in `._` files what a disk cannot."""
    shutil.copytree(params_folder(), tmp_path / "params")
    monkeypatch.setenv("TCCLIP_PARAMS", str(tmp_path / "params"))
    before = versions(), {kind: names(kind) for kind in KINDS}
    for kind in KINDS:
        name = names(kind)[0]
        (tmp_path / "params" / kind / f".#{name}.yaml").symlink_to("somebody@somewhere.4242:1700000000")
        (tmp_path / "params" / kind / f"._{name}.yaml").write_bytes(b"\x00\x05\x16\x07\xff")
        (tmp_path / "params" / kind / ".kept").mkdir()
        (tmp_path / "params" / kind / ".kept" / f"{name}.yaml").write_text("")
    assert (versions(), {kind: names(kind) for kind in KINDS}) == before


def test_dotted_overrides_change_just_their_leaves():
    method = load_method("tc_clip", overrides={"tc.alpha": 0.4, "tc.k": 7})
    assert (method.tc.alpha, method.tc.k, method.tc.summarizer.r) == (0.4, 7, 100)
    assert method.vision == load_method("tc_clip").vision


@pytest.mark.parametrize(
    "overrides, sentence",
    [
        ({"tc.alfa": 0.4}, "(put over params/methods/tc_clip.yaml): unknown key 'tc.alfa': did you mean 'alpha'?"),
        ({"tc.alpha": 1.4}, "tc_clip.yaml): tc.alpha: input should be less than or equal to 1 (got 1.4)"),
        ({"tc.k": "many"}, "tc_clip.yaml): tc.k: input should be a valid integer"),
        (
            {"vision.ref": "contekst"},
            "unknown kind 'contekst' of vision: did you mean 'context'?",
        ),
        ({"text.prompt": "a photo"}, "text.prompt: must contain {name}"),
        ({"tc.k": True}, "tc_clip.yaml): tc.k: input should be a number (got true)"),
        ({"recipe.optimizer.betas": [0.9, True]}, "tc_clip.yaml): recipe.optimizer.betas.1: input should be a number"),
        (
            {"recipe.augmentation.crop_scales": []},
            "augmentation.crop_scales: list should have at least 1 item",
        ),
        ({"tc": None}, "vision.kind 'context' needs the section tc"),
        (
            {"vision.ref": "none", "vision.bias": False, "tc": None},
            "look 'prompts' at context tokens needs vision.kind 'context'",
        ),
        (
            {"vision.ref": "none", "vision.bias": False, "tc": None, "text.mode": "late_fusion"},
            "look 'late' at context tokens needs vision.kind 'context', which makes them (vision.kind is 'none')",
        ),
        ({"text.prompt": "a clip: {name}."}, "text.prompt 'a clip: {name}.' has 3 words before {name}"),
        ({"text.mode": "coop", "text.n_ctx": 5}, "has 4 words before {name}, and the learned prompt vectors start as"),
        ({"text.context_length": 78}, "text.context_length: input should be less than or equal to 77 (got 78)"),
    ],
)
def test_a_wrong_value_is_one_sentence_with_file_and_key(overrides, sentence):
    with pytest.raises(UserError) as error:
        load_method("tc_clip", overrides)
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "load, wrong, right",
    [
        (load_method, "tcclip", "tc_clip"),
        (load_suite, "minni", "mini"),
        (load_suite, "../suites/mini", "mini"),
        (load_table, "tabel3", "table3"),
        (load_dataset, "hmdb", "hmdb51"),
        (load_protocol, "fewshot", "few_shot"),
    ],
)
def test_an_unknown_name_comes_with_the_nearest_one(load, wrong, right):
    with pytest.raises(UserError, match=f"did you mean '{right}'"):
        load(wrong)


@pytest.mark.parametrize("mode", ["vp_ctx", "late_fusion"])
def test_text_that_looks_at_context_tokens_needs_the_last_layer_to_make_them(mode):
    method = load_method("tc_clip", {"text.mode": mode, "vision.layers_summarise": [1, 2, 3]})
    with pytest.raises(UserError, match=rf"look '{method.look.kind}' .* not in vision.layers_summarise: add layer 4"):
        method.check_sizes(196, 16, 4)
    load_method("tc_clip", {"text.mode": "coop", "vision.layers_summarise": [1, 2, 3]}).check_sizes(196, 16, 4)


def test_no_method_is_another_one_under_a_second_name():
    settings = {
        name: load_method(name).model_dump(exclude={"name", "display", "description"}) for name in method_names()
    }
    doubles = [(a, b) for a in settings for b in settings if a < b and settings[a] == settings[b]]
    assert doubles == []


@pytest.mark.parametrize("shots", [[], [4], [4, 2], [2, 2], 0, [0, 2], "two", 2.5])
def test_shots_that_are_neither_a_number_nor_an_ascending_list_are_refused(shots):
    with pytest.raises(ValueError, match="must be a number of videos per class, or an ascending list of at least two"):
        MeasuredColumn(name="hmdb51", dataset="hmdb51", splits=["test1"], shots=shots)


def test_a_row_without_a_place_on_the_axis_is_refused():
    table = load_table("table9c")
    with pytest.raises(ValueError, match="row 'many' is no number, so it has no place on axis 'context tokens"):
        Table.model_validate({**table.model_dump(), "baseline": None, "rows": [{"row": "many", "method": "tc_only"}]})


def test_a_file_that_changed_is_read_again(tmp_path):
    path = tmp_path / "odd.yaml"
    path.write_text("a: {b: 1}")
    first = read_yaml(path)
    first["a"]["b"] = 5
    assert read_yaml(path) == {"a": {"b": 1}}
    path.write_text("a: {b: 22}")
    assert read_yaml(path) == {"a": {"b": 22}}


def test_a_base_is_not_a_method():
    assert "_base" not in method_names()


def test_broken_yaml_names_the_file(tmp_path, monkeypatch):
    (tmp_path / "methods").mkdir()
    (tmp_path / "methods" / "odd.yaml").write_text("vision: [ref")
    monkeypatch.setenv("TCCLIP_PARAMS", str(tmp_path))
    with pytest.raises(UserError, match=r"odd\.yaml is not valid YAML"):
        load_method("odd")


@pytest.mark.parametrize(
    ("base", "sentence"),
    [
        ("base: round", "round.yaml: base: round is made of round itself: name another one"),
        ("base: [tc_clip]", "round.yaml: base: must be the name of a method (got ['tc_clip'])"),
        ("base: tc_clip\nmicro_batch: {few_shot: 2}\nprotocols:\nrecipe: {optimizer: {eps: .inf}}",
         "recipe.optimizer.eps: input should be a finite number (got inf)"),
    ],
)  # fmt: skip
def test_a_method_is_made_of_another_one_with_finite_numbers(tmp_path, monkeypatch, base, sentence):
    shutil.copytree(params_folder() / "methods", tmp_path / "methods")
    (tmp_path / "tables").mkdir()
    (tmp_path / "methods" / "round.yaml").write_text(f"{base}\ndisplay: Round\ndescription: It has no end\n")
    monkeypatch.setenv("TCCLIP_PARAMS", str(tmp_path))
    with pytest.raises(UserError, match=re.escape(sentence)):
        load_method("round")


TOP1, TOP5 = ({"name": n, "dataset": "k400", "splits": ["val"], "metric": m} for n, m in (("a", "top1"), ("b", "top5")))


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("rows", [{"row": "A"}, {"row": "A", "group": "g"}, {"row": "A"}], "two rows are called 'A': give one of them"),
        ("columns", [{"name": "c", "cost": "gflops"}, {"name": "c", "cost": "params_m"}], "two columns are called 'c'"),
        ("columns", ["c"], "columns.0: needs one of dataset (and splits), mean_of"),
        ("columns", [], "t.yaml: columns: list should have at least 1 item"),
        ("rows", [], "t.yaml: rows: list should have at least 1 item"),
        ("columns", [{**TOP1, "splits": ["val", "val"]}], "columns.0.splits: val is there twice: take one out"),
        ("columns", [TOP1, {"name": "m", "mean_of": ["a", "a"]}], "columns.1.mean_of: a is there twice: take one out"),
        ("columns", [TOP1, {"name": "m", "harmonic_mean_of": ["a", "a"]}], "columns.1.harmonic_mean_of: a is there tw"),
        (
            "columns",
            [TOP1, TOP5, {"name": "m", "mean_of": "measured"}],
            "column m averages a (top1) and b (top5): name",
        ),
    ],
)
def test_rows_and_columns_of_a_table_are_told_apart_and_count_once(key, value, sentence):
    parts = {"columns": [{"name": "x", "cost": "gflops"}], "rows": [{"row": "X"}], key: value}
    with pytest.raises(UserError, match=re.escape(sentence)):
        validate({"name": "t", "title": "t", "protocol": "few_shot", **parts}, Table, "t.yaml")


def test_a_training_list_is_named_by_shots_and_fold_alone():
    with pytest.raises(UserError, match=r"x: train_split: in braces there can be \{shots\} and \{fold\} only"):
        load_protocol("few_shot", SuiteBudget({"train_split": "few_shot_k{shot}"}, "x"))


def test_a_suites_budget_is_checked_like_the_protocol_itself():
    with pytest.raises(UserError, match=r"total_batch \d+ must be a multiple of micro_batch"):
        load_protocol("few_shot", SuiteBudget({"total_batch": 6}, "mini.yaml"))
    with pytest.raises(UserError, match="unknown key 'epocs': did you mean 'epochs'"):
        load_protocol("few_shot", SuiteBudget({"epocs": 6}, "mini.yaml"))
    with pytest.raises(
        UserError,
        match=r"49 is not below epochs \(40\); change both, to a list or `all` \(--set protocol\.",
    ):
        load_protocol("few_shot", SuiteBudget({"epochs": 40, "validation": {"epochs": [0, 49]}}, "mini.yaml"))
    with pytest.raises(UserError, match="lr_min must not be larger than lr"):
        load_protocol("few_shot", SuiteBudget({"lr": 1e-9}, "mini.yaml"))


def test_the_published_numbers_are_the_papers():
    content = (params_folder() / "published.csv").read_bytes()  # compared with the paper cell by cell, and not to move
    assert hashlib.sha256(content).hexdigest() == "3cc10194ddbf3dcc382cac933063d1a7aa2b470cd23d8acdc29d48afb43fe8ef"


def test_the_papers_recipe_is_the_default():
    few_shot, zero_shot = load_protocol("few_shot"), load_protocol("zero_shot")
    recipe = load_method("tc_clip").recipe
    assert (few_shot.epochs, few_shot.warmup_epochs, few_shot.lr, few_shot.lr_min) == (50, 5, 2e-6, 2e-8)
    assert (zero_shot.epochs, zero_shot.warmup_epochs, zero_shot.lr, zero_shot.total_batch) == (10, 5, 8e-6, 256)
    assert recipe.optimizer.betas == (0.9, 0.98)
    assert recipe.optimizer.new_lr_factor == 10
    assert load_method("tc_clip").we.w == 0.7


def test_merging_keeps_what_is_not_named():
    assert merge({"a": {"b": 1, "c": 2}, "d": 3}, {"a": {"b": 5}}) == {"a": {"b": 5, "c": 2}, "d": 3}
    assert undotted({"a.b": 1, "a.c": 2}) == {"a": {"b": 1, "c": 2}}


@pytest.mark.parametrize(
    "key, value, sentence",
    [
        ("patchsize", 8, "unknown key 'backbone.architecture.patchsize': did you mean 'patch_size'?"),
        ("embed_dim", 0, "backbone.architecture.embed_dim: input should be greater than or equal to 1 (got 0)"),
        ("patch_size", 5, "backbone.architecture: image_size must be a multiple of patch_size"),
        ("vision_heads", 7, "backbone.architecture: a width must be a multiple of its heads"),
    ],
)
def test_a_wrong_size_of_the_backbone_is_one_sentence(tmp_path, monkeypatch, key, value, sentence):
    shutil.copytree(params_folder(), tmp_path / "params")
    monkeypatch.setenv("TCCLIP_PARAMS", str(tmp_path / "params"))
    path = tmp_path / "params/suites/mini.yaml"
    content = yaml.safe_load(path.read_text())
    content["backbone"]["architecture"][key] = value
    path.write_text(yaml.safe_dump(content))
    with pytest.raises(UserError, match=re.escape(f"mini.yaml: {sentence}")):
        load_suite("mini")


def test_a_suite_s_sizes_are_those_that_models_are_built_with():
    assert load_suite("paper").backbone.architecture == BackboneConfig(224, 16, 768, 12, 12, 512, 8, 12, 512)


def test_a_key_that_takes_a_number_or_a_word_is_called_as_in_the_file():
    content = load_suite("mini").model_dump()
    content["machine"]["gpus"] = -1
    with pytest.raises(UserError, match=re.escape("machine.gpus: input should be greater than or equal to 0 (got -1)")):
        validate(content, Suite, "mini.yaml")
