"""Recipe A (methods.md 1.3): RandAugment for each frame, then a crop of the stored frame at one of thirteen places."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import torch

from tcclip.data.clips.augmentation import a, x
from tcclip.data.clips.augmentation.crops import FIVE, THIRTEEN, multi_scale_box
from tcclip.data.clips.augmentation.rand_augment import draw_operations, operated
from tcclip.data.clips.normalising import normalised
from tcclip.params import load_method
from tcclip.params.kinds.augmentation.a import Settings

RECIPE: Settings = load_method("action_clip").recipe.augmentation
FRAMES = np.random.default_rng(0).integers(0, 256, size=(3, 64, 85, 3), dtype=np.uint8)


def recipe(**changes: object) -> Settings:
    """Recipe A with parts of it switched off."""
    still = RECIPE.color_jitter.model_copy(update={"prob": 0.0})
    off = {"rand_augment": None, "flip_prob": 0.0, "gray_prob": 0.0, "color_jitter": still}
    return RECIPE.model_copy(update={**off, **changes})


def test_crops_are_at_thirteen_places_each_as_often() -> None:
    rng = np.random.default_rng(0)
    boxes = [multi_scale_box(256, 340, 224, [0.75], rng, THIRTEEN) for _ in range(2600)]
    down, right = (256 - 192) // 4, (340 - 192) // 4
    found = Counter((top // down, left // right) for top, left, _, _ in boxes)
    corners, middles = [(0, 0), (0, 4), (4, 0), (4, 4)], [(0, 2), (2, 0), (2, 4), (4, 2)]
    assert set(found) == {*corners, (2, 2), *middles, (1, 1), (1, 3), (3, 1), (3, 3)}
    assert min(found.values()) > 140 and set(FIVE) == {*corners, (2, 2)}


def test_frames_are_cropped_as_they_are_stored() -> None:
    """Recipe X resizes the short side first: a frame of 128 x 170 to 64 x 85 for an input of 56."""
    large = np.random.default_rng(1).integers(0, 256, size=(2, 128, 170, 3), dtype=np.uint8)
    one = normalised(
        a.train_clip(large, recipe(crop_scales=[0.4375]), 56, True, np.random.default_rng(2)), "clip"
    )  # 56 of 128
    box = multi_scale_box(128, 170, 56, [0.4375], np.random.default_rng(2), THIRTEEN)
    assert box[2:] == (56, 56)
    expected = torch.from_numpy(large[:, box[0] : box[0] + 56, box[1] : box[1] + 56].astype(np.float32))
    mean = torch.tensor([122.7709383, 116.7460125, 104.09373615]).view(3, 1, 1)
    std = torch.tensor([68.5005327, 66.6321579, 70.32316305]).view(3, 1, 1)
    torch.testing.assert_close(one * std + mean, expected.permute(0, 3, 1, 2), atol=1e-3, rtol=0)


def test_every_frame_has_operations_of_its_own_before_the_crop() -> None:
    still = np.repeat(FRAMES[:1], 6, axis=0)
    clip = normalised(
        a.train_clip(still, recipe(rand_augment=RECIPE.rand_augment), 56, True, np.random.default_rng(3)), "clip"
    )
    assert len({frame.numpy().tobytes() for frame in clip}) > 3
    rng = np.random.default_rng(3)
    drawn = [draw_operations(RECIPE.rand_augment, rng) for _ in still]
    assert all(len(operations) == 2 for operations in drawn)  # N = 2, always applied
    assert {abs(operation.strength) for operations in drawn for operation in operations} == {0.9}
    changed = np.stack([operated(frame, own) for frame, own in zip(still, drawn, strict=True)])
    plain = normalised(a.train_clip(changed, recipe(), 56, True, rng), "clip")
    assert torch.equal(clip, plain)


def test_without_rand_augment_the_rest_is_recipe_x() -> None:
    """For stored frames of the short side that Recipe X resizes to, and a crop that has one place."""
    whole = np.ascontiguousarray(FRAMES[:, :, :64])
    always = RECIPE.color_jitter.model_copy(update={"prob": 1.0})
    ours = recipe(crop_scales=[1.0], flip_prob=0.5, gray_prob=0.3, color_jitter=always)
    theirs = load_method("vifi_clip").recipe.augmentation.model_copy(
        update={"crop_scales": [1.0], "gray_prob": 0.3, "color_jitter": always}
    )
    for seed in range(8):
        one = a.train_clip(whole, ours, 56, True, np.random.default_rng(seed))
        assert np.array_equal(one, x.train_clip(whole, theirs, 56, True, np.random.default_rng(seed)))


@pytest.mark.parametrize("flip", [True, False])
def test_a_clip_is_flipped_as_a_whole_and_only_where_the_dataset_allows(flip: bool) -> None:
    plain, turned = (
        normalised(a.train_clip(FRAMES, recipe(flip_prob=prob), 56, flip, np.random.default_rng(1)), "clip")
        for prob in (0.0, 1.0)
    )
    torch.testing.assert_close(turned, plain.flip(3) if flip else plain)
