"""The numbers in params/ are those of methods.md: 8.1, appendix A, and what 1.3 to 1.7 and 3 give single systems.

They are written out here a second time, so that a slip in a file is noticed although every file is valid.
"""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

import pytest

from tcclip.params import load_method, load_suite
from tcclip.params.protocol import Protocol
from tcclip.plan.values import protocol_of

ONE_VIEW, TESTS_VIEWS = "centre", "test"


class Budget(NamedTuple):
    """A row of a table of methods.md, in its order."""

    frames: int
    epochs: int
    warmup: int
    rates: tuple[float, float]  # highest and lowest
    batch: int
    views: tuple[int, int]  # temporal, spatial


COMMON = {  # methods.md 8.1
    "zero_shot": Budget(16, 10, 5, (8e-6, 8e-8), 256, (2, 1)),
    "few_shot": Budget(16, 50, 5, (2e-6, 2e-8), 64, (2, 1)),
    "base_to_novel": Budget(16, 12, 2, (3.33e-6, 3.33e-8), 64, (2, 1)),
    "fully_supervised": Budget(16, 30, 5, (2.2e-5, 2.2e-7), 512, (4, 3)),
}
# methods.md, appendix A and 3.2 to 3.10, with the corrections of systems/*.md; what no source fixes is not here.
OWN = {
    ("action_clip", "fully_supervised"): Budget(32, 50, 5, (5e-6, 0), 128, (10, 3)),
    ("action_clip", "zero_shot"): Budget(32, 50, 5, (5e-6, 0), 128, (1, 1)),
    ("a5", "zero_shot"): Budget(16, 50, 0, (1e-4, 1e-6), 64, (5, 1)),
    ("a5", "few_shot"): Budget(16, 50, 0, (1e-4, 1e-6), 64, (5, 1)),
    ("a5", "base_to_novel"): Budget(16, 50, 0, (1e-4, 1e-6), 64, (5, 1)),
    ("a5", "fully_supervised"): Budget(16, 50, 0, (1e-4, 1e-6), 64, (5, 1)),
    ("x_clip", "zero_shot"): Budget(32, 10, 5, (8e-6, 8e-8), 256, (4, 3)),
    ("x_clip", "few_shot"): Budget(32, 50, 5, (2e-6, 2e-8), 64, (4, 3)),
    ("x_clip", "fully_supervised"): Budget(16, 30, 5, (8e-6, 8e-8), 256, (4, 3)),
    ("vita_clip", "zero_shot"): Budget(16, 32, 0, (4e-4, 0), 256, (3, 1)),
    ("vita_clip", "fully_supervised"): Budget(16, 32, 0, (4e-4, 0), 256, (4, 3)),
    ("vifi_clip-original", "zero_shot"): Budget(32, 10, 5, (8e-6, 8e-8), 256, (1, 1)),
    ("vifi_clip-original", "few_shot"): Budget(32, 50, 5, (2e-6, 2e-8), 64, (1, 1)),
    ("vifi_clip-original", "base_to_novel"): Budget(32, 11, 5, (2e-6, 2e-8), 64, (1, 1)),
    ("vifi_clip-original", "fully_supervised"): Budget(16, 30, 5, (2.2e-5, 2.2e-7), 512, (4, 3)),
    ("open_vclip", "zero_shot"): Budget(8, 22, 2, (3.33e-6, 3.33e-8), 64, (3, 1)),
    ("open_vclip", "base_to_novel"): Budget(8, 12, 2, (3.33e-6, 3.33e-8), 64, (3, 1)),
    ("maxi", "zero_shot"): Budget(16, 10, 5, (5e-6, 5e-8), 256, (1, 1)),
    ("ost", "zero_shot"): Budget(32, 10, 5, (8e-6, 8e-8), 256, (1, 1)),
    ("ost", "few_shot"): Budget(32, 50, 5, (5e-6, 5e-8), 64, (1, 1)),
    ("froster", "zero_shot"): Budget(8, 22, 2, (3.33e-6, 3.33e-8), 64, (3, 1)),
    ("froster", "base_to_novel"): Budget(8, 12, 2, (3.33e-6, 3.33e-8), 32, (3, 1)),
}
KEPT = {  # which weights are tested, where it is not the best validation
    **dict.fromkeys(("x_clip", "vita_clip", "maxi"), "last"),
    **dict.fromkeys(("open_vclip", "froster"), "average"),
}
ADAMW = {  # betas, eps, weight decay, longest gradient (methods.md 1.5 and appendix A)
    **dict.fromkeys(("tc_clip", "vifi_clip", "x_clip", "maxi", "ost"), ((0.9, 0.98), 1e-8, 1e-3, None)),
    "action_clip": ((0.9, 0.98), 1e-8, 0.2, None),
    "a5": ((0.9, 0.999), 1e-8, 0.01, None),
    "vita_clip": ((0.9, 0.999), 1e-8, 0.05, None),
    **dict.fromkeys(("open_vclip", "froster"), ((0.9, 0.999), 1e-8, 0.01, 1.0)),
}


def resolved(method: str, protocol: str, role: str = "k400", shots: int | None = None) -> Protocol:
    return protocol_of(load_suite("paper"), protocol, load_method(method), role=role, shots=shots)


def budget_of(p: Protocol) -> Budget:
    rates = (p.lr, p.lr_min)
    return Budget(p.frames, p.epochs, p.warmup_epochs, rates, p.total_batch, (p.views.temporal, p.views.spatial))


@pytest.mark.parametrize("protocol", COMMON)
@pytest.mark.parametrize("method", ["tc_clip", "vifi_clip", "tc_clip_light", "tc_only", "vp_only"])
def test_the_papers_own_rows_are_trained_and_tested_by_its_table(method: str, protocol: str) -> None:
    found = resolved(method, protocol)
    assert budget_of(found) == COMMON[protocol]
    assert (found.micro_batch, found.counted_for, found.seeds) == (4, 4, [1024])  # 4 processes of 4 videos
    assert (found.select.kind, found.views.mode) == ("best", "paper")


def test_validations_shots_and_draws_are_the_papers() -> None:
    zero, few, novel, full = (resolved("tc_clip", protocol) for protocol in COMMON)
    assert few.validation.epochs == [0, 10, 20, 30, 40, 49]
    assert [of.validation.epochs for of in (zero, novel, full)] == ["all", "all", "all"]
    assert [(of.validation.split, of.validation.views) for of in (zero, few, novel, full)] == [
        ("val", ONE_VIEW), ("test1", TESTS_VIEWS), ("base_test", TESTS_VIEWS), ("val", ONE_VIEW),
    ]  # fmt: skip
    assert (few.shots, novel.folds) == ([2, 4, 8, 16], 3)


@pytest.mark.parametrize(("method", "protocol"), OWN)
def test_a_compared_system_is_trained_and_tested_as_by_its_authors(method: str, protocol: str) -> None:
    found = resolved(method, protocol)
    assert budget_of(found) == OWN[method, protocol]
    assert found.select.kind == KEPT.get(method, "best")
    if found.select.kind == "average":
        assert found.select.from_epoch == 1  # the second


def test_single_trainings_have_the_rates_and_batches_that_were_released_for_them() -> None:
    rates = {(role, k): resolved("ost", "few_shot", role, k).lr_min for role in ("hmdb51", "ssv2") for k in (4, 16)}
    assert rates == {("hmdb51", 4): 3.5e-8, ("hmdb51", 16): 5e-8, ("ssv2", 4): 5e-8, ("ssv2", 16): 2.5e-8}
    batches = [resolved("froster", "base_to_novel", role).total_batch for role in ("hmdb51", "ucf101", "ssv2", "k400")]
    assert batches == [32, 64, 32, 32]
    llm = resolved("tc_clip-llm", "zero_shot")  # 2 videos in a process, for memory; the batch is the same (3.12)
    assert (llm.micro_batch, llm.total_batch) == (2, 256)


@pytest.mark.parametrize("method", ADAMW)
def test_the_optimizer_of_a_system_is_that_of_its_authors(method: str) -> None:
    found = load_method(method).recipe.optimizer
    assert (found.betas, found.eps, found.weight_decay, found.clip_norm) == ADAMW[method]
    assert found.new_lr_factor == 10 or method in ("a5", "vita_clip")  # in which nothing but new parts is trained


MIXED = {"prob": 1.0, "mixup_alpha": 0.8, "cutmix_alpha": 1.0, "cutmix_prob": 0.5}
RECIPE_X = {
    "kind": "x",
    "crop_scales": [1.0, 0.875, 0.75, 0.66],
    "flip_prob": 0.5,
    "color_jitter": {"prob": 0.8, "brightness": 0.4, "contrast": 0.4, "saturation": 0.2, "hue": 0.1},
    "gray_prob": 0.2,
}
RECIPE_S = {"kind": "s", "short_sides": (224, 256), "flip_prob": 0.5, "flip_sided": True}


@pytest.mark.parametrize("method", ["tc_clip", "vifi_clip", "x_clip"])
def test_losses_mixing_and_augmentation_of_the_common_recipe_are_those_of_its_source(method: str) -> None:
    objective, found = load_method(method).recipe.objective.model_dump(), load_method(method).recipe.augmentation
    assert objective == {"kind": "soft_ce", "label_smoothing": 0.1, "mixup": MIXED}
    assert found.model_dump(exclude={"flip_sided"}) == RECIPE_X
    assert found.flip_sided == (method == "x_clip")  # the paper's re-runs do not mirror SSv2


def test_recipes_of_compared_systems_are_those_of_their_authors() -> None:
    a, s, v = (
        load_method(name).recipe.augmentation.model_dump() for name in ("action_clip", "open_vclip", "vita_clip")
    )
    assert a.pop("rand_augment") == {"count": 2, "prob": 1.0, "magnitude": 9.0, "deviation": 0.0}
    assert a == {**RECIPE_X, "kind": "a", "flip_sided": False}
    assert s == load_method("froster").recipe.augmentation.model_dump() == RECIPE_S
    assert v.pop("rand_augment") == {"count": 4, "prob": 0.5, "magnitude": 7.0, "deviation": 0.5}
    assert v == {"kind": "v", "area": (0.08, 1.0), "ratio": (0.75, pytest.approx(4 / 3))}


def test_objectives_of_compared_systems_have_their_authors_numbers() -> None:
    def numbers(name: str) -> dict[str, Any]:
        return load_method(name).recipe.objective.model_dump()

    plain = {"label_smoothing": 0.0, "mixup": None}
    assert numbers("open_vclip") == {
        "kind": "interpolated", "most_clip": 0.6, "factor": 0.5, "drawn_for": "step", **plain,
    }  # fmt: skip
    assert numbers("froster") == {"kind": "distilled", "distill_weight": 2.0, "residual": 0.1, **plain}
    pairs = {"kind": "kl_pairs", "truth_scale": 10.0, "divided_by": 1}
    assert numbers("action_clip") == {**pairs, "directions": "mean", "videos": None}
    assert numbers("ost") == {**pairs, "directions": "sum", "videos": 32}
    assert numbers("maxi")["bag"] == 16 and numbers("a5")["most_classes"] == 400


@pytest.mark.parametrize(
    ("key", "values"),
    {
        "we.w": {"tc_clip": 0.7, "vifi_clip": 0.7, "maxi": 0.8, "ost": 0.8, "open_vclip": 0.5, "froster": 1.0},
        "norm": {"tc_clip": "imagenet", "ost": "imagenet", "a5": "clip", "vita_clip": "clip", "open_vclip": "clip"},
        "views.combine": {"tc_clip": "probabilities", "open_vclip": "logits", "froster": "logits"},
        "centre.short_side": {"tc_clip": 256, "action_clip": 256, "a5": 224, "vita_clip": 224, "open_vclip": 224},
        "text.context_length": {"tc_clip": 30, "vifi_clip": 30, "vanilla_clip": 30, "tc_clip-llm": 77, "ost": 77},
        "text.n_ctx": {"tc_clip": 4, "vita_clip": 8},
        "tc.alpha": {"tc_clip": 0.3, "tc_only": 0.3, "tc_clip-llm": 0.3},
        "tc.k": {"tc_clip": 96, "tc_only": 96, "tc_clip_light": 96},
        "tc.summarizer.r": {"tc_clip": 100},
        "score.temperature": {"a5": 0.07, "ost": 0.1},
        "score.iterations": {"ost": 100},
        "score.tolerance": {"ost": 0.01},
        "score.start": {"maxi": 50},  # 1 / .02
        "score.most": {"maxi": 1000},  # 1 / .001
        "sampling.stride": {"vita_clip": 16, "open_vclip": 16, "froster": 16},
        "sampling.rates": {"a5": [1, 2, 3, 3, 3, 4]},
        "vision.bias": {"tc_clip": True, "tc_only": True, "vifi_clip": False},
        "recipe.schedule.period": {"a5": 200_000},
    }.items(),
)
def test_a_system_has_the_numbers_of_its_source(key: str, values: dict[str, Any]) -> None:
    assert {name: functools.reduce(getattr, key.split("."), load_method(name)) for name in values} == values


@pytest.mark.parametrize(
    ("methods", "split", "blanks"),
    [
        (("tc_clip", "tc_only", "open_vclip"), True, True),
        (("vifi_clip", "vanilla_clip"), True, False),  # the paper's re-runs (FACTS.md 15)
        (("vifi_clip-original", "action_clip", "a5", "x_clip", "maxi", "ost", "froster"), False, False),
        (("vita_clip",), False, True),
    ],
)
def test_class_names_are_put_into_words_as_by_their_authors(
    methods: tuple[str, ...], split: bool, blanks: bool
) -> None:
    for method in methods:
        names = load_method(method).names
        assert (method, names.split_camel_case, names.underscores_to_spaces) == (method, split, blanks)


@pytest.mark.parametrize(
    ("summarizer", "values"),
    [("kmeans", {"start": "random", "iterations": 10}), ("dpc_knn", {"neighbours": 5, "noise": 1e-6})],
)
def test_summarizers_have_the_numbers_of_their_sources(summarizer: str, values: dict[str, Any]) -> None:
    found = load_method("tc_clip", {"tc.summarizer": summarizer}).tc
    assert found is not None and found.summarizer.model_dump() == {"kind": summarizer, **values}
