"""Every kind is two files of one name, found without a list of them."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from tcclip.errors import UserError
from tcclip.params import load_method
from tcclip.params.kinds.axes import AXES
from tcclip.params.kinds.axis import axis_of, kinds_of, module_of
from tcclip.params.kinds.chosen_kinds import modules_of
from tcclip.params.method import method_of_run
from tcclip.params.variants import method_names

PACKAGE = Path(__file__).parents[3] / "tcclip"
KINDS = [(axis, name) for axis in AXES for name in kinds_of(axis)]


@pytest.mark.parametrize(("axis", "name"), KINDS)
def test_a_kinds_settings_and_its_module_bear_its_name(axis: str, name: str) -> None:
    settings = kinds_of(axis)[name]
    assert settings.model_fields["kind"].default == name and axis_of(settings) == axis
    module = import_module(f"{AXES[axis]}.{name}")
    assert callable(module.make)


@pytest.mark.parametrize("method", method_names())
def test_a_methods_modules_are_those_of_its_kinds(method: str) -> None:
    found = modules_of(load_method(method))
    assert found and all(import_module(name).make for name in found)


def test_kinds_that_a_method_does_not_name_are_none_of_its_settings() -> None:
    dump = str(load_method("tc_clip").model_dump())
    assert "iterations" not in dump and "neighbours" not in dump and "edge" not in dump
    assert load_method("tc_only-kmeans").tc.summarizer.model_dump() == {
        "kind": "kmeans",
        "start": "random",
        "iterations": 10,
    }


def test_settings_of_all_kinds_are_read_without_torch() -> None:
    code = "import sys, tcclip.params; from tcclip.params import load_method; load_method('tc_clip'); "
    done = subprocess.run(
        [sys.executable, "-c", code + "print('torch' in sys.modules)"], capture_output=True, text=True
    )
    assert done.stdout.strip() == "False", done.stderr


@pytest.mark.parametrize(
    ("short", "spelled"),
    [
        ({"tc.selector": "ats"}, {"tc.selector.kind": "ats"}),
        ({"tc.selector": "ats", "tc.ats.doubles": "keep"}, {"tc.selector": {"kind": "ats", "doubles": "keep"}}),
        ({"tc.r": 7}, {"tc.summarizer.r": 7}),
        ({"text.mode": "template"}, {"text.kind": "template", "look": "none"}),
        ({"text.mode": "vp_cls"}, {"text.kind": "coop", "look": {"kind": "prompts", "at": "frames"}}),
        ({"text.mode": "late_fusion", "text.late_prompts": True}, {"text.kind": "coop", "look": "late"}),
        ({"vision.ref": "context"}, {"vision.kind": "context"}),
        (
            {"tc.summarizer": "bipartite_saliency", "tc.saliency.over": "video"},
            {"tc.summarizer": {"kind": "bipartite_saliency", "over": "video"}},
        ),
        ({"temporal_head": "transf"}, {"pool": "transf"}),
        ({"recipe.loss": "ce"}, {"recipe.objective": "ce"}),
    ],
    ids=str,
)
def test_short_and_older_spellings_mean_the_same(short: dict[str, object], spelled: dict[str, object]) -> None:
    assert load_method("tc_clip", short) == load_method("tc_clip", spelled)


def test_a_resolved_method_is_read_back_as_itself() -> None:
    for name in method_names():
        method = load_method(name)
        assert type(method).model_validate(method.model_dump()) == method
        assert all(module_of(kind).startswith("tcclip.") for kind in (method.vision, method.text, method.look))


def test_no_module_asks_for_anothers_prefix() -> None:
    translates = {"backbone/importing/released.py"}  # the names of the authors' checkpoints into canonical ones
    for prefix in ("vp.", "tc."):
        users = {
            str(path.relative_to(PACKAGE))
            for path in PACKAGE.rglob("*.py")
            if f'startswith("{prefix}")' in path.read_text(encoding="utf-8")
        }
        assert not users - translates, users


def test_a_run_of_an_earlier_version_is_read_as_what_it_was() -> None:
    earlier = {
        "name": "tc_clip",
        "display": "TC-CLIP",
        "description": "as written before methods were compositions of kinds",
        "train": True,
        "vision": {"ref": "context", "edge": "zero", "bias": True, "layers_infuse": "all", "layers_summarise": "all"},
        "tc": {
            **{"selector": "cls_attention", "head_wise": "slices", "summarizer": "bipartite", "alpha": 0.3, "k": 96},
            **{"r": 100, "ats": {"doubles": "replace"}, "random": {"form": "groups"}, "saliency": {"over": "frame"}},
            **{"kmeans": {"start": "random", "iterations": 10}, "dpc_knn": {"neighbours": 5, "noise": 1e-6}},
            "trace": False,
        },
        "text": {"mode": "vp_ctx", "prompt": "a photo of a {name}.", "n_ctx": 4, "late_prompts": False},
        "names": {"source": "plain", "split_camel_case": True, "underscores_to_spaces": True},
        "temporal_head": "mean",
        "sampling": "tsn",
        "recipe": {"loss": "soft_ce", "label_smoothing": 0.1},
    }
    naming = {"name", "display", "description"}
    read = method_of_run(earlier, "params.yaml")
    assert read.model_dump(exclude=naming) == load_method("tc_clip").model_dump(exclude=naming)


def test_a_wrong_key_of_an_axis_is_named_as_it_stands_in_the_file() -> None:
    for key, value, told in (
        ("recipe.augmentation.flip_prob", 7, r"recipe\.augmentation\.flip_prob: .* \(got 7\)"),
        ("recipe.augmentation.color_jitter.hu", 7, r"unknown key 'recipe\.augmentation\.color_jitter\.hu': did you"),
        ("pool.bogus", 1, r"unknown key 'pool\.bogus'"),
        ("sampling", "dens", r"unknown kind 'dens' of sampling: did you mean 'dense'"),
    ):
        with pytest.raises(UserError, match=told):
            load_method("tc_clip", {key: value})


def test_a_methods_clips_are_made_by_its_kinds_of_sampling_and_augmentation() -> None:
    method = load_method("vifi_clip")
    code = {"tcclip.data.clips.sampling.segments", "tcclip.data.clips.augmentation.x"}
    assert code < set(modules_of(method))
    assert load_method("vifi_clip", {"sampling": "tsn"}) == method
