"""What frames can see of each other: every method file loads, and what cannot work is refused with both keys."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pytest

from tcclip.errors import UserError
from tcclip.params import load_method, load_suite, load_table
from tcclip.params.reader import params_folder
from tcclip.params.variants import method_names, variants
from tcclip.plan import expand, load_plan

VIT_B16 = {"patches": 196, "frames": 16, "layers": 12}
MINI = {"patches": 49, "frames": 16, "layers": 4}


@pytest.mark.parametrize("method", method_names())
@pytest.mark.parametrize("sizes", [VIT_B16, MINI], ids=["vit_b_16", "mini"])
def test_every_method_fits_both_suites(method: str, sizes: dict[str, int]) -> None:
    load_method(method).check_sizes(**sizes)


@pytest.mark.parametrize("method", variants())
def test_an_ablation_is_its_base_with_one_key_changed(method: str) -> None:
    variant, naming = variants()[method], {"name", "display", "description"}
    besides: set[str] = set()
    if method.endswith("-plain"):  # rows of the diagnostic table have no augmentation and no mixing
        besides |= {"recipe.augmentation", "recipe.mixup.prob"}
    changed = len(variant.changes.keys() - besides)
    assert changed <= 1 if method.endswith("-plain") else changed == 1
    made = load_method(variant.base, variant.changes).model_dump(exclude=naming)
    assert made == load_method(method).model_dump(exclude=naming)


def test_a_frame_of_196_patches_has_the_papers_numbers_of_seeds() -> None:
    found = [load_method("tc_only", {"tc.alpha": alpha}).tc for alpha in (0.2, 0.3, 0.4, 0.5, 0.6)]
    assert [tc.seeds(196) for tc in found if tc] == [39, 58, 78, 98, 117]
    everything = load_method("tc_only-no_selection").tc
    assert everything is not None and 16 * everything.seeds(196) == 3136


def test_a_share_that_is_a_whole_number_of_patches_is_so_many() -> None:
    tc = load_method("tc_only", {"tc.alpha": 0.29}).tc
    assert tc is not None and 0.29 * 100 < 29 and tc.seeds(100) == 29


def test_as_many_context_tokens_as_seeds_are_allowed() -> None:
    load_method("tc_only", {"tc.k": 96}).check_sizes(patches=16, frames=24, layers=12)


def test_the_light_variant_summarises_after_3_7_11_12_and_infuses_at_4_8_12() -> None:
    vision = load_method("tc_clip_light").vision
    assert vision.infusing(12) == [4, 8, 12]
    assert vision.summarising(12) == [3, 7, 11, 12]
    assert (vision.infusing(4), vision.summarising(4)) == ([4], [3, 4])


def test_by_default_context_tokens_are_read_from_layer_2_and_frames_from_layer_1() -> None:
    assert load_method("tc_clip").vision.infusing(4) == [2, 3, 4]
    assert load_method("tc_clip").vision.summarising(4) == [1, 2, 3, 4]
    assert load_method("vifi_clip-adjacent").vision.infusing(4) == [1, 2, 3, 4]
    assert load_method("vifi_clip").vision.infusing(4) == []


@pytest.mark.parametrize(
    ("method", "overrides", "keys"),
    [
        ("vifi_clip", {"vision.ref": "context"}, ("vision.kind 'context'", "section tc")),
        ("vifi_clip-all_patches", {"vision.bias": True}, ("vision.bias true", "vision.kind 'all'")),
        ("vifi_clip", {"vision.bias": True}, ("vision.bias true", "vision.kind 'none'")),
        ("tc_only", {"vision.ref": "cls"}, ("section tc", "vision.kind 'cls'")),
        ("vifi_clip", {"text.mode": "name"}, ("text.kind 'name'", "text.prompt 'a photo of a {name}.'")),
        ("vanilla_clip", {"text.mode": "template"}, ("text.kind 'template'", "text.prompt '{name}'")),
        (
            "tc_only-head_key_norm",
            {"tc.summarizer": "bipartite_saliency"},
            ("tc.summarizer 'bipartite_saliency'", "tc.head_wise 'slices'", "'head_key_norm'"),
        ),
        ("tc_clip", {"vision.layers_infuse": "thirds"}, ("vision.layers_infuse: must be all, every_fourth or an asc",)),
        ("tc_clip", {"vision.layers_infuse": [8, 4]}, ("vision.layers_infuse: must be",)),
        ("tc_clip", {"vision.layers_infuse": []}, ("vision.layers_infuse: must be",)),
        ("tc_clip", {"tc.kmeans.iterations": 0}, ("tc.kmeans.iterations",)),
    ],
)
def test_what_cannot_go_together_is_refused_with_both_keys(
    method: str, overrides: dict[str, object], keys: tuple[str, ...]
) -> None:
    with pytest.raises(UserError) as error:
        load_method(method, overrides)
    assert all(key in str(error.value) for key in keys) and "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("overrides", "sizes", "keys"),
    [
        ({"tc.k": 97}, {"patches": 16, "frames": 24}, ("tc.k = 97", "96 seed tokens", "tc.alpha 0.3")),
        ({"vision.layers_infuse": [4, 13]}, {}, ("vision.layers_infuse names layer 13", "has 12")),
        (
            {"vision.layers_infuse": [4], "vision.layers_summarise": [3]},
            {},
            ("look 'prompts'", "the last layer", "vision.layers_summarise"),
        ),
        (
            {"vision.layers_summarise": [3, 12]},
            {},
            ("layers_infuse has layer 2", "layer 1 is not in vision.layers_summ"),
        ),
        ({"vision.layers_infuse": [1]}, {}, ("layers_infuse has layer 1", "vision.layers_summarise")),
        (
            {"vision.layers_infuse": "every_fourth"},
            {"layers": 3},
            ("vision.layers_infuse 'every_fourth'", "vision.kind"),
        ),
        (
            {"tc.summarizer": "dpc_knn", "tc.dpc_knn.neighbours": 17, "tc.k": 9},
            {"patches": 16, "frames": 4},
            ("tc.dpc_knn.neighbours = 17", "16 seed tokens", "tc.alpha"),
        ),
    ],
)
def test_what_a_backbone_cannot_run_is_refused_with_both_keys(
    overrides: dict[str, object], sizes: dict[str, int], keys: tuple[str, ...]
) -> None:
    with pytest.raises(UserError) as error:
        load_method("tc_clip", overrides).check_sizes(**{**VIT_B16, **sizes})
    assert all(key in str(error.value) for key in keys) and "\n" not in str(error.value)


def test_no_merge_needs_no_k() -> None:
    load_method("tc_only-no_merge", {"tc.k": 5000}).check_sizes(**VIT_B16)


@pytest.mark.parametrize(
    ("table", "line", "changed", "keys"),
    [
        (
            "table10",
            "method: tc_clip\n    set: {text.mode: late_fusion}",
            "method: vifi_clip\n    set: {text.mode: late_fusion}",
            ("look 'late'", "vision.kind 'context'"),
        ),
        ("table9c", "tc.k: 128", "tc.k: 4000", ("tc.k = 1000", "tc.alpha 0.3")),
    ],
)
def test_the_plan_refuses_a_method_whose_parts_do_not_go_together(
    table: str, line: str, changed: str, keys: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(params_folder(), tmp_path / "params")
    monkeypatch.setenv("TCCLIP_PARAMS", str(tmp_path / "params"))
    file = tmp_path / "params" / "tables" / f"{table}.yaml"
    assert line in file.read_text()
    file.write_text(file.read_text().replace(line, changed))
    load_plan.cache_clear()
    with pytest.raises(UserError) as error:
        load_plan("mini")
    assert all(key in str(error.value) for key in keys) and "\n" not in str(error.value)


def test_the_plan_refuses_a_method_that_the_suites_backbone_cannot_run() -> None:
    suite = load_suite("mini")
    few = dataclasses.replace(suite.backbone.architecture, patch_size=28)  # 4 patches
    tiny = suite.model_copy(update={"backbone": suite.backbone.model_copy(update={"architecture": few})})
    expand(suite, load_table("table3"))
    with pytest.raises(UserError, match=r"method tc_clip: tc\.k = 24 is more than the 6 seed tokens"):
        expand(tiny, load_table("table3"))
