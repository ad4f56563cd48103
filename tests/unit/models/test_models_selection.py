"""Selectors: what they prefer and how many they take."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from tcclip.models.attention import Attended
from tcclip.models.selector.ats import inverse_transform
from tcclip.models.selector.chosen import head_wise
from tcclip.models.selector.saliency import patch_saliency, saliency_weight
from tcclip.models.selector.scores import ats_significance, cls_attention
from tcclip.models.vision.layers import gather_seeds
from tcclip.params import load_method
from tcclip.params.kinds.make import make

SELECTORS = [
    "none",
    "head_key_norm",
    "key_norm",
    "head_cls_attention",
    "cls_attention",
    "patch_saliency",
    "ats",
]


Score = Callable[[Attended], Tensor]


def attended(patches: int = 9, reference: int = 4, seed: int = 0) -> Attended:
    stream = torch.Generator().manual_seed(seed)
    query, key, value = (
        torch.randn(2, 3, 1 + patches + more, 2, 5, generator=stream, dtype=torch.float64)
        for more in (0, reference, reference)
    )
    return Attended(query, key, value, patches, torch.randn(2, key.shape[2], generator=stream).double())


def permuted(seen: Attended, videos: Tensor) -> Attended:
    return seen._replace(query=seen.query[videos], key=seen.key[videos], value=seen.value[videos])


def select(name: str, seen: Attended, head: str = "slices") -> Tensor:
    tc = load_method("tc_only", {"tc.selector": name, "tc.head_wise": head, "tc.alpha": 0.5}).tc
    assert tc is not None
    chosen: Tensor = make(tc.selector, tc.seeds(seen.patches)).select(seen).seeds
    return chosen


@pytest.mark.parametrize("name", SELECTORS)
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_a_frame_gets_different_patches_and_videos_do_not_influence_each_other(name: str, seed: int) -> None:
    seen = attended(seed=seed)
    found = select(name, seen)
    assert found.shape == ((2, 3, 9) if name == "none" else (2, 3, 4, 2) if name.startswith("head_") else (2, 3, 4))
    ordered = found.sort(dim=2).values
    assert (ordered.diff(dim=2) > 0).all() and ordered.min() >= 0 and ordered.max() < 9
    assert torch.equal(found.flip(0), select(name, permuted(seen, torch.tensor([1, 0]))))


@pytest.mark.parametrize("half", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("score", [cls_attention, ats_significance, patch_saliency])
@pytest.mark.parametrize("frames", ["own keys", "keys of all"])
def test_half_precisions_scores_are_float64s_of_the_same_rows(score: Score, half: torch.dtype, frames: str) -> None:
    seen = attended(patches=196, reference=96)
    keys = slice(0, 1) if frames == "keys of all" else slice(None)
    halved = Attended(seen.query.to(half), seen.key[:, keys].to(half), seen.value[:, keys].to(half), 196, seen.bias)
    with torch.autocast("cpu", torch.bfloat16):
        found = score(halved._replace(bias=seen.bias.float()))
    exact = score(halved._replace(**{part: getattr(halved, part).double() for part in ("query", "key", "value")}))
    assert found.dtype == torch.float32
    assert torch.allclose(found.double(), exact, rtol=1e-5, atol=0)


@pytest.mark.parametrize("name", ["head_key_norm", "head_cls_attention"])
def test_head_wise_max_is_one_list(name: str) -> None:
    assert select(name, attended(), "max").shape == (2, 3, 4)


def test_slices_of_one_common_list_are_the_whole_tokens() -> None:
    tokens, seeds = torch.randn(2, 3, 10, 8), torch.randint(0, 9, (2, 3, 4))
    assert torch.equal(gather_seeds(tokens, seeds), gather_seeds(tokens, seeds[..., None].expand(-1, -1, -1, 2)))


def test_every_head_takes_its_own_patches() -> None:
    score = torch.tensor([[5.0, 1, 0], [0, 2, 3]])[None, None]  # (1, 1, heads, N)
    assert head_wise(score, 2, slices=True).seeds.tolist() == [[[[0, 2], [1, 1]]]]
    assert head_wise(score, 2, slices=False).seeds.tolist() == [[[0, 2]]]


def test_saliency_of_uniform_attention_is_the_same_for_all_patches() -> None:
    seen = attended()
    flat = seen._replace(query=torch.zeros_like(seen.query), bias=None)
    found = patch_saliency(flat)
    assert torch.allclose(found, torch.full_like(found, -torch.log(torch.tensor(14.0)).item()))
    assert not saliency_weight(flat).any()


def test_saliency_of_attention_to_one_key_is_0_the_maximum() -> None:
    seen = attended()
    query, key = seen.query.clone(), seen.key.clone()
    query[:, :, 3] = key[:, :, 7] = 0  # patch 2 (row 3) looks at one key only
    query[:, :, 3, :, 0] = key[:, :, 7, :, 0] = 1e3
    found = patch_saliency(seen._replace(query=query, key=key, bias=None))
    assert torch.allclose(found[..., 2], torch.zeros(2, 3, dtype=torch.float64), atol=1e-12)
    assert (found <= 0).all() and (found.argmax(dim=-1) == 2).all()


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_saliency_weights_are_from_0_to_1_and_0_below_the_mean(seed: int) -> None:
    seen = attended(seed=seed)
    score, weight = patch_saliency(seen), saliency_weight(seen)
    assert weight.min() >= 0 and torch.allclose(weight.amax(dim=-1), torch.ones(2, 3, dtype=torch.float64))
    assert torch.equal(weight > 0, score > score.mean(dim=-1, keepdim=True))


def test_reference_tokens_take_attention_from_the_patches_of_a_head() -> None:
    seen = attended()
    alone = seen._replace(key=seen.key[:, :, :10], value=seen.value[:, :, :10], bias=seen.bias[:, :10])
    assert (cls_attention(seen) < cls_attention(alone)).all()


@settings(max_examples=40, deadline=None)
@given(patches=st.integers(2, 40), count=st.integers(1, 40), seed=st.integers(0, 10**6))
def test_sampling_takes_as_many_different_patches_as_asked_by_falling_weight(
    patches: int, count: int, seed: int
) -> None:
    weight = torch.rand(2, patches, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    count = min(count, patches)
    found = inverse_transform(weight, count)
    assert found.shape == (2, count)
    assert (weight.gather(1, found).diff(dim=1) < 0).all()


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_a_patch_heavier_than_the_distance_of_two_levels_is_always_taken(seed: int) -> None:
    weight = torch.rand(50, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) ** 8
    found = inverse_transform(weight, 20)
    # a level in the middle half of its step would be nearer to it than to both neighbours
    spacing = weight.sum() / 19
    assert set((weight > 2 * spacing).nonzero().flatten().tolist()) <= set(found.tolist())


def test_equal_weights_are_sampled_evenly() -> None:
    found = inverse_transform(torch.ones(1, 1, 12), 4)
    assert found.unique().numel() == 4
