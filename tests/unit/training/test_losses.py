"""Targets, loss and mixing of one micro-batch (methods.md 1.4)."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tcclip.params.kinds.objective.soft_ce import Mixup
from tcclip.training.losses import kl, pair_targets, smooth_targets, soft_ce
from tcclip.training.mixing import cut_box, mix

seeds = st.integers(0, 2**32)


def recipe(cutmix: float, share: float = 1.0) -> Mixup:
    return Mixup(prob=share, mixup_alpha=0.8, cutmix_alpha=1.0, cutmix_prob=cutmix)


def test_smoothed_targets_are_one_minus_e_plus_e_over_c_and_e_over_c():
    targets = smooth_targets(torch.tensor([2, 0]), 4, 0.1)
    assert torch.allclose(targets, torch.tensor([[0.025, 0.025, 0.925, 0.025], [0.925, 0.025, 0.025, 0.025]]))


def test_soft_ce_is_the_formula_written_out():
    rng = np.random.default_rng(0)
    logits, targets = rng.normal(size=(3, 5)) * 10, rng.dirichlet(np.ones(5), size=3)
    rows = []
    for row, target in zip(logits, targets, strict=True):
        total = math.log(sum(math.exp(value) for value in row))
        rows.append(-sum(t * (value - total) for t, value in zip(target, row, strict=True)))
    assert float(soft_ce(torch.tensor(logits), torch.tensor(targets))) == pytest.approx(sum(rows) / 3, abs=1e-12)


def test_soft_ce_with_one_hot_targets_is_cross_entropy_also_from_half_precision_logits():
    logits, labels = torch.randn(6, 4), torch.tensor([0, 1, 2, 3, 0, 1])
    targets = smooth_targets(labels, 4, 0.0)
    assert torch.allclose(soft_ce(logits, targets), torch.nn.functional.cross_entropy(logits, labels))
    assert soft_ce(logits.bfloat16(), targets).dtype == torch.float32


def test_the_divergence_of_pairs_is_that_of_rows_whose_targets_the_videos_of_a_class_share():
    logits, targets = torch.randn(3, 3, dtype=torch.float64), pair_targets(torch.tensor([4, 4, 7]), 2.0)
    two, one = 2 * math.exp(2) + 1, math.exp(2) + 2
    assert torch.allclose(targets[1], torch.tensor([math.exp(2), math.exp(2), 1]).double() / two)
    assert torch.allclose(targets[2], torch.tensor([1, 1, math.exp(2)]).double() / one)
    expected = torch.nn.functional.kl_div(logits.log_softmax(dim=1), targets, reduction="batchmean")
    assert kl(targets, logits).item() == pytest.approx(expected.item(), abs=1e-12)


def constant_clips(batch: int, side: int) -> torch.Tensor:
    """Video b shows the number b everywhere, (B, 2, 3, side, side)."""
    return torch.arange(batch, dtype=torch.float32).view(batch, 1, 1, 1, 1).expand(batch, 2, 3, side, side)


@given(seeds, st.integers(1, 5), st.sampled_from([0.0, 1.0]))
def test_targets_stay_distributions_and_weigh_labels_as_pixels_are_mixed(seed, batch, cutmix):
    clips, targets = constant_clips(batch, 12), torch.eye(batch)
    mixed, labels = mix(clips, targets, recipe(cutmix), np.random.default_rng(seed))
    assert mixed.shape == clips.shape
    assert torch.allclose(labels.sum(dim=1), torch.ones(batch))
    # the mean of the numbers that a video shows is the mean of the numbers its label stands for
    assert torch.allclose(mixed.mean(dim=(1, 2, 3, 4)), labels @ torch.arange(batch, dtype=torch.float32), atol=1e-5)


@given(seeds)
def test_cutmix_pastes_one_box_of_the_partner_into_all_frames_of_all_videos(seed):
    clips = constant_clips(4, 12)
    mixed, _ = mix(clips, torch.eye(4), recipe(1.0), np.random.default_rng(seed))
    pasted = mixed != clips
    assert (pasted == pasted[:, :1, :1]).all()
    changed = [mask for mask in pasted[:, 0, 0] if mask.any()]
    assert all((mask == changed[0]).all() for mask in changed)
    for mask in changed[:1]:
        rows, columns = torch.nonzero(mask, as_tuple=True)
        assert mask.sum() == (rows.max() - rows.min() + 1) * (columns.max() - columns.min() + 1)
    assert all(len(video.unique()) <= 2 for video in mixed)


@given(seeds, st.floats(0, 1), st.integers(1, 30), st.integers(1, 30))
def test_the_box_reaches_equally_far_around_its_centre_and_ends_at_the_frame(seed, share, height, width):
    """A side is 2 * (c // 2) pixels with c = int(side * sqrt(1 - share)), before it is clipped (methods.md 1.4)."""
    rng = np.random.default_rng(seed)
    row, column = int(rng.integers(height)), int(rng.integers(width))
    half_height, half_width = int(height * (1 - share) ** 0.5) // 2, int(width * (1 - share) ** 0.5) // 2
    rows = np.clip([row - half_height, row + half_height], 0, height)
    columns = np.clip([column - half_width, column + half_width], 0, width)
    assert cut_box(height, width, share, row, column) == (*rows, *columns)


@given(seeds, st.floats(0, 1), st.integers(1, 30), st.integers(1, 30))
def test_the_box_lies_in_the_frame_and_is_at_most_the_wanted_share(seed, share, height, width):
    rng = np.random.default_rng(seed)
    top, bottom, left, right = cut_box(height, width, share, int(rng.integers(height)), int(rng.integers(width)))
    assert 0 <= top <= bottom <= height and 0 <= left <= right <= width
    assert (bottom - top) * (right - left) <= (1 - share) * height * width + 1e-9


def test_mixing_leaves_its_inputs_alone_and_depends_on_the_generator_alone():
    clips, targets = torch.randn(4, 2, 3, 8, 8), torch.eye(4)
    before = clips.clone()
    first, second = (mix(clips, targets, recipe(0.5), np.random.default_rng(3)) for _ in range(2))
    assert torch.equal(clips, before)
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize("cutmix", [0.0, 1.0])
def test_each_way_of_mixing_draws_its_share_with_an_alpha_of_its_own(cutmix):
    """A large alpha is half of each, of which CutMix clips some; a small one nearly all of one of the two."""
    large, small = ("cutmix_alpha", "mixup_alpha") if cutmix else ("mixup_alpha", "cutmix_alpha")
    even = Mixup(prob=1.0, cutmix_prob=cutmix, **{large: 1e4, small: 1e-3})
    mixed = [mix(constant_clips(2, 12), torch.eye(2), even, np.random.default_rng(seed))[1] for seed in range(40)]
    own = torch.stack([targets[0, 0] for targets in mixed])
    assert own.min() > 0.45 and own.min() < 0.8


def test_cutmix_is_chosen_as_often_as_asked():
    clips = constant_clips(2, 8)
    mixes = [mix(clips, torch.eye(2), recipe(0.25), np.random.default_rng(seed))[0] for seed in range(600)]
    swapped = [mixed for mixed in mixes if not torch.equal(mixed, clips)]  # the partner was the other video
    cut = sum(bool(torch.isin(mixed, clips).all()) for mixed in swapped)  # CutMix only moves pixels
    assert 0.18 < cut / len(swapped) < 0.32


@given(seeds)
def test_the_recipes_share_of_micro_batches_is_mixed_the_others_are_left_as_they_are(seed):
    rng, clips, targets = np.random.default_rng(seed), constant_clips(4, 6), torch.eye(4)
    untouched = [mix(clips, targets, recipe(0.0, share=0.25), rng)[1] is targets for _ in range(100)]
    assert 50 <= sum(untouched) <= 95
    assert all(mix(clips, targets, recipe(1.0, share=0.0), rng)[0] is clips for _ in range(10))
