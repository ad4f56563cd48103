"""Summarizers: groups of the right sizes, means with gradients, decisions without, draws only where they come in."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from tcclip.models.summarizer.bipartite import bipartite
from tcclip.models.summarizer.bipartite_attention import bipartite_attention
from tcclip.models.summarizer.bipartite_saliency import bipartite_saliency
from tcclip.models.summarizer.dpc_knn import dpc_knn
from tcclip.models.summarizer.groups import Summary, mean_by_group, sizes
from tcclip.models.summarizer.kmeans import kmeans
from tcclip.models.summarizer.random import random_groups
from tcclip.params import load_method
from tcclip.params.kinds.make import make
from tcclip.params.temporal_context import TemporalContext

NAMES = ["none", "random", "kmeans", "dpc_knn", "bipartite", "bipartite_attention", "bipartite_saliency"]
CASES = {"n": st.integers(5, 50), "k": st.integers(1, 20), "seed": st.integers(0, 10**6)}


def uniform(*shape: int, seed: int) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def seeds_of(n: int, seed: int) -> Tensor:
    return torch.randn(3, n, 6, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def tc(**changes: object) -> TemporalContext:
    found = load_method("tc_only", {f"tc.{key}": value for key, value in changes.items()}).tc
    assert found is not None
    return found


def summarizer(section: TemporalContext) -> Any:
    return make(section.summarizer, section.k)


def summary(name: str, tokens: Tensor, k: int, seed: int) -> Summary:
    batch, n, _ = tokens.shape
    weight, draws = uniform(batch, n, seed=seed + 1), uniform(batch, n, seed=seed + 2)
    return summarizer(tc(summarizer=name, k=k, r=10)).summarise(tokens, weight, draws)


@pytest.mark.parametrize("name", NAMES)
def test_the_papers_928_seeds_become_96_context_tokens_that_hold_all_of_them(name: str) -> None:
    tokens = torch.randn(1, 928, 8, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    found = summarizer(tc(summarizer=name)).summarise(tokens, uniform(1, 928, seed=1), uniform(1, 928, seed=2))
    count = 928 if name == "none" else 96
    assert found.context.shape == (1, count, 8)
    assert found.group.min() >= 0 and found.group.max() < count
    assert sizes(tokens, found.group, count).sum() == 928


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=15, deadline=None)
@given(**CASES)
def test_videos_do_not_influence_each_other(name: str, n: int, k: int, seed: int) -> None:
    tokens, order = seeds_of(n, seed), torch.tensor([2, 0, 1])
    weight, draws = uniform(3, n, seed=seed + 1), uniform(3, n, seed=seed + 2)
    part = summarizer(tc(summarizer=name, k=k, r=10)).summarise
    whole, permuted = part(tokens, weight, draws), part(tokens[order], weight[order], draws[order])
    assert torch.equal(whole.group[order], permuted.group)
    assert torch.allclose(whole.context[order], permuted.context)


@pytest.mark.parametrize("name", ["random", "kmeans", "dpc_knn", "bipartite"])
@settings(max_examples=15, deadline=None)
@given(**CASES)
def test_a_context_token_is_the_plain_mean_of_its_seeds(name: str, n: int, k: int, seed: int) -> None:
    tokens = seeds_of(n, seed)
    found = summary(name, tokens, k, seed)
    count = min(n, k)
    size = sizes(tokens, found.group, count)
    full = (size > 0).squeeze(-1)
    means = mean_by_group(tokens, found.group, count)  # nan where K-means has an empty cluster
    assert full.all() or name == "kmeans"
    assert torch.allclose(found.context[full], means[full])
    assert found.context.isfinite().all()


@pytest.mark.parametrize("name", NAMES)
def test_gradients_go_through_the_means_and_not_through_the_decisions(name: str) -> None:
    tokens = seeds_of(20, 1).requires_grad_()
    found = summary(name, tokens, 4, 1)
    assert not found.group.requires_grad
    found.context.sum().backward()
    assert tokens.grad is not None
    # a mean's weights sum to 1 whatever they are, and every channel is treated alike
    total = 20 if name == "none" else 4
    assert torch.allclose(tokens.grad.sum(dim=1), torch.full((3, 6), float(total), dtype=torch.float64))
    assert torch.allclose(tokens.grad, tokens.grad[..., :1].expand_as(tokens))


@given(n=st.integers(1, 200), k=st.integers(1, 50))
def test_random_groups_differ_in_size_by_one_at_most(n: int, k: int) -> None:
    found = random_groups(torch.zeros(1, n, 1), k, uniform(1, n, seed=n))
    size = found.group[0].bincount()
    assert len(size) == min(n, k) and size.max() - size.min() <= 1


def test_kmeans_finds_clusters_that_are_far_apart() -> None:
    tokens = torch.tensor([0.0, 10.0, 20.0]).repeat(5)[None, :, None] + 0.01 * torch.randn(1, 15, 1)
    draws = torch.ones(1, 15)
    draws[0, :3] = torch.tensor([0.3, 0.2, 0.1])  # starts from the first three
    found = kmeans(tokens, 3, draws, iterations=10)
    assert found.group.tolist() == [[2, 1, 0] * 5]


def test_an_empty_cluster_of_kmeans_keeps_its_centre_without_gradient() -> None:
    tokens = torch.tensor([1.0, 1.0, 5.0])[None, :, None].requires_grad_()
    found = kmeans(tokens, 3, torch.tensor([[0.1, 0.2, 0.3]]), iterations=3)
    assert found.group.tolist() == [[0, 0, 2]]
    assert found.context.flatten().tolist() == [1, 1, 5]
    found.context[0, 1].sum().backward()
    assert tokens.grad is not None and not tokens.grad.any()


def test_dpc_knn_centres_are_dense_and_far_from_anything_denser() -> None:
    tokens = torch.tensor([0.0, 0.1, 0.2, 3.0, 3.1, 3.2, 6.0, 6.1, 6.2])[None, :, None]
    found = dpc_knn(tokens, 3, torch.zeros(1, 9), neighbours=3, noise=0.0)
    assert torch.equal(found.group[0].view(3, 3), found.group[0, 1::3, None].expand(3, 3))
    assert torch.allclose(found.context.flatten().sort().values, torch.tensor([0.1, 3.1, 6.1]))


def test_clusters_of_seeds_that_are_there_twice_all_have_a_mean() -> None:
    tokens = torch.randn(4, 40, 64, generator=torch.Generator().manual_seed(2)).repeat(1, 2, 1)
    found = dpc_knn(tokens, 60, torch.zeros(4, 80), neighbours=5, noise=0.0)  # 20 of the centres are another's double
    assert found.context.isfinite().all() and (sizes(tokens, found.group, 60) > 0).all()


def test_dpc_knn_sees_small_distances_of_long_seeds() -> None:
    near, far = (dpc_knn(tokens, 9, torch.zeros(3, 60), 5, 0.0) for tokens in (seeds_of(60, 8), seeds_of(60, 8) + 1000))
    in_float32 = dpc_knn((seeds_of(60, 8) + 1000).float(), 9, torch.zeros(3, 60), 5, 0.0)
    assert torch.equal(near.group, far.group) and torch.equal(near.group, in_float32.group)


def test_seeds_without_any_attention_still_have_a_mean() -> None:
    weight = torch.zeros(3, 30, dtype=torch.float64)
    weight[:, 0] = 1
    assert bipartite_attention(seeds_of(30, 4), 7, 10, weight).context.isfinite().all()


def test_equal_weights_make_matching_the_plain_one() -> None:
    tokens, plain = seeds_of(30, 3), bipartite(seeds_of(30, 3), 7, 10)
    for weighted in (bipartite_attention, bipartite_saliency):
        found = weighted(tokens, 7, 10, torch.ones(3, 30, dtype=torch.float64))
        assert torch.equal(found.group, plain.group) and torch.allclose(found.context, plain.context)


def test_the_scale_of_attention_weights_does_not_matter() -> None:
    tokens, weight = seeds_of(30, 4), uniform(3, 30, seed=4)
    small, large = (bipartite_attention(tokens, 7, 10, factor * weight) for factor in (1e-9, 1e3))
    assert torch.equal(small.group, large.group) and torch.allclose(small.context, large.context)


def test_background_leaves_no_trace_in_what_it_is_merged_into() -> None:
    found = bipartite_saliency(seeds_of(30, 5), 7, 30, torch.zeros(3, 30, dtype=torch.float64))
    tokens = seeds_of(30, 5)
    assert ((found.context[:, :, None] - tokens[:, None]).abs().amax(-1).amin(-1) == 0).all()


@pytest.mark.parametrize("name", NAMES)
def test_mixed_precision_does_not_change_the_groups(name: str) -> None:
    tokens = seeds_of(50, 6).float() + 3  # similar to each other, as a video's tokens are
    plain = summary(name, tokens, 7, 6)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(summary(name, tokens, 7, 6).group, plain.group)


@pytest.mark.parametrize("name", NAMES)
def test_half_precision_seeds_are_summarised(name: str) -> None:
    tokens = torch.randn(2, 30, 8).bfloat16()
    found = summarizer(tc(summarizer=name, k=4, r=10)).summarise(tokens, torch.rand(2, 30), torch.rand(2, 30))
    assert found.context.isfinite().all()


def test_evaluation_has_fixed_draws_where_something_is_random() -> None:
    assert (
        summarizer(tc()).fixed_draws is None
        and summarizer(tc(summarizer="kmeans", kmeans={"start": "strided"})).fixed_draws is None
    )
    assert not summarizer(tc(summarizer="dpc_knn")).fixed_draws(3, 12).any()  # its noise is for training
    first, again = (summarizer(tc(summarizer="kmeans")).fixed_draws(3, 12) for _ in range(2))
    assert torch.equal(first, again) and not torch.equal(first[0], first[1])
    # other ones would change what is reported of weights that are the same
    assert torch.allclose(first[0, :3], torch.tensor([0.4963, 0.7682, 0.0885]), atol=1e-4)
