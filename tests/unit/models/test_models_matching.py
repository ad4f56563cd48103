from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tcclip.models.summarizer.bipartite import bipartite
from tcclip.models.summarizer.groups import sum_by_group
from tcclip.models.summarizer.matching import schedule

SIZES = {"n": st.integers(1, 60), "k": st.integers(1, 20), "r": st.integers(1, 30), "seed": st.integers(0, 10**6)}


def seeds(n: int, seed: int) -> torch.Tensor:
    return torch.randn(3, n, 6, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_the_papers_schedule_is_eight_hundreds_and_a_thirty_two() -> None:
    assert schedule(928, 96, 100) == [100] * 8 + [32]


def test_the_mini_suites_seeds_need_two_rounds() -> None:
    assert schedule(224, 96, 100) == [100, 28]


@given(n=st.integers(1, 5000), k=st.integers(1, 200), r=st.integers(1, 200))
def test_a_round_never_removes_more_than_r_or_half(n: int, k: int, r: int) -> None:
    left = n
    for removed in schedule(n, k, r):
        assert 1 <= removed <= min(r, left // 2)
        left -= removed
    assert left == min(n, k)


@settings(max_examples=40, deadline=None)
@given(**SIZES)
def test_every_seed_has_a_group_and_the_weighted_mean_stays(n: int, k: int, r: int, seed: int) -> None:
    tokens = seeds(n, seed)
    summary = bipartite(tokens, k, r)
    size = sum_by_group(torch.ones_like(tokens[..., :1]), summary.group, min(n, k))
    assert summary.context.shape == (3, min(n, k), 6)
    assert (size >= 1).all() and (size.sum(dim=1) == n).all()
    assert torch.allclose((size * summary.context).sum(1), tokens.sum(1))


@settings(max_examples=20, deadline=None)
@given(**SIZES)
def test_videos_do_not_influence_each_other(n: int, k: int, r: int, seed: int) -> None:
    tokens, order = seeds(n, seed), torch.tensor([2, 0, 1])
    whole, permuted = bipartite(tokens, k, r), bipartite(tokens[order], k, r)
    assert torch.equal(whole.group[order], permuted.group)
    assert torch.allclose(whole.context[order], permuted.context)


def test_the_mean_has_a_gradient_and_it_is_shared_by_the_group() -> None:
    tokens = seeds(20, 1).requires_grad_()
    summary = bipartite(tokens, 4, 100)
    summary.context.sum().backward()
    size = sum_by_group(torch.ones(3, 20, 1, dtype=torch.float64), summary.group, 4)
    assert tokens.grad is not None
    assert torch.allclose(tokens.grad, (1 / size).gather(1, summary.group[..., None]).expand_as(tokens))


def test_equal_seeds_merge_without_an_error() -> None:
    summary = bipartite(torch.zeros(1, 12, 4), 3, 100)
    assert torch.equal(summary.context, torch.zeros(1, 3, 4))
