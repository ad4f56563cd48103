"""Recipe X (methods.md 1.3): against torchvision's colour operators on Pillow's pictures and literal transcriptions."""

from __future__ import annotations

from collections import Counter
from math import floor

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from small_videos import photograph
from torchvision.transforms import functional as oracle

from tcclip.data.clips.augmentation import color
from tcclip.data.clips.augmentation.crops import cropped, multi_scale_box
from tcclip.data.clips.augmentation.jitter import CHANGES, changed, draw_changes
from tcclip.data.clips.augmentation.x import train_clip
from tcclip.data.clips.normalising import STATISTICS, normalised
from tcclip.data.clips.testing import test_clip as centre_clip
from tcclip.data.clips.testing import test_frames as squares
from tcclip.data.resizing import short_sides, stored_side
from tcclip.params import load_method
from tcclip.params.kinds.augmentation.x import Settings

RECIPE = load_method("tc_clip").recipe.augmentation
FRAMES = np.random.default_rng(0).integers(0, 256, size=(6, 64, 85, 3), dtype=np.uint8)
THEIRS = (oracle.adjust_brightness, oracle.adjust_contrast, oracle.adjust_saturation, oracle.adjust_hue)


def by_pillow(frame: np.ndarray, change: object, *arguments: object) -> np.ndarray:
    """What an operator of torchvision makes of a picture in Pillow's form."""
    return np.asarray(change(Image.fromarray(frame), *arguments))  # type: ignore[operator]


def distance(ours: np.ndarray, theirs: np.ndarray) -> float:
    """The mean difference in grey levels of two uint8 arrays."""
    assert ours.dtype == theirs.dtype == np.uint8 and ours.shape == theirs.shape
    return float(np.abs(ours.astype(int) - theirs.astype(int)).mean())


def resized(frame: np.ndarray, height: int, width: int) -> np.ndarray:
    """OpenCV's plain bilinear."""
    return cv2.resize(frame, (width, height), interpolation=cv2.INTER_LINEAR)


def channels_first(pictures: list[np.ndarray]) -> torch.Tensor:
    """Pictures as a clip in 0..1."""
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2) / 255


def recipe(**changes: object) -> Settings:
    """Recipe X with parts of it switched."""
    off = {"flip_prob": 0.0, "gray_prob": 0.0, "color_jitter": RECIPE.color_jitter.model_copy(update={"prob": 0.0})}
    return RECIPE.model_copy(update={**off, **changes})


def plain(clip: torch.Tensor, norm: str = "imagenet") -> torch.Tensor:
    """A normalised clip back in 0..1."""
    mean, std = (torch.tensor(values).view(3, 1, 1) / 255 for values in STATISTICS[norm])
    return clip * std + mean


@pytest.mark.parametrize(
    ("number", "factors", "far"),
    [
        (0, [0.6, 0.9, 1.0, 1.2, 1.3, 1.4], 0.05),
        (1, [0.6, 0.9, 1.0, 1.2, 1.3, 1.4], 0.05),
        (2, [0.8, 0.9, 1.0, 1.1, 1.15, 1.2], 0.02),
        (3, [-0.5, -0.1, -0.03, 0.0, 0.07, 0.1], 0.02),
    ],
)
def test_a_colour_change_is_torchvisions_on_whole_grey_levels(number: int, factors: list[float], far: float) -> None:
    frames = np.concatenate([FRAMES, [photograph(64, 85)] * len(factors)])
    frames[0, :8] = 128  # grey has no hue
    frames[1, ..., 0] = frames[1, ..., 1]  # ties between channels
    for frame, factor in zip(frames, factors * 2, strict=True):
        assert distance(CHANGES[number](frame, factor), by_pillow(frame, THEIRS[number], factor)) <= far


def test_grey_is_torchvisions() -> None:
    for frame in FRAMES:
        assert distance(color.grey(frame), by_pillow(frame, oracle.rgb_to_grayscale, 3)) < 0.01


def test_jitter_changes_every_frame_by_its_own_factors_in_its_own_order() -> None:
    params = RECIPE.color_jitter
    rng = np.random.default_rng(3)
    spans = (params.brightness, params.contrast, params.saturation)
    factors = [rng.uniform(1 - span, 1 + span, size=6) for span in spans] + [rng.uniform(-0.1, 0.1, size=6)]
    orders = rng.permuted(np.tile(np.arange(4), (6, 1)), axis=1)
    drawn = draw_changes(params, len(FRAMES), np.random.default_rng(3))
    for t, order in enumerate(orders):
        expected = FRAMES[t]
        for number in order:
            expected = by_pillow(expected, THEIRS[number], float(factors[number][t]))
        assert distance(changed(FRAMES[t], drawn, t), expected) < 0.1
    assert len({tuple(order) for order in orders}) > 1


@settings(max_examples=200)
@given(st.integers(0, 10**6), st.sampled_from([(256, 340, 224), (320, 256, 224), (64, 85, 56), (64, 64, 56)]))
def test_a_crop_is_one_of_the_recipes(seed: int, sizes: tuple[int, int, int]) -> None:
    height, width, size = sizes
    base = min(height, width)
    sides = [floor(base * scale) for scale in (1, 0.875, 0.75, 0.66)]
    sides = [size if abs(side - size) <= 2 else side for side in sides]
    top, left, h, w = multi_scale_box(height, width, size, RECIPE.crop_scales, np.random.default_rng(seed))
    assert abs(sides.index(h) - sides.index(w)) <= 1
    down, right = (height - h) // 4, (width - w) // 4
    corners = {(0, 0), (0, 4 * right), (4 * down, 0), (4 * down, 4 * right)}
    assert (top, left) in corners | {(2 * down, 2 * right)}


def test_all_ten_pairs_and_five_places_occur_alike() -> None:
    rng = np.random.default_rng(0)
    boxes = [multi_scale_box(256, 340, 224, RECIPE.crop_scales, rng) for _ in range(4000)]
    pairs = Counter(box[2:] for box in boxes)
    assert len(pairs) == 10 and min(pairs.values()) > 300
    assert {h for h, _ in pairs} == {256, 224, 192, 168}
    starts = [box[:2] for box in boxes if box[2:] == (192, 192)]
    assert {(0, 0), (0, 148), (64, 0), (64, 148), (32, 74)} == set(starts)


def test_a_crop_at_the_right_or_the_bottom_ends_on_the_recipes_grid() -> None:
    """Of 85 - 42 = 43 free pixels a crop leaves 3 at the right; the centre begins at 20, not at 21."""
    rng = np.random.default_rng(0)
    boxes = [multi_scale_box(64, 85, 56, [0.66], rng) for _ in range(200)]
    assert {box[:2] for box in boxes} == {(0, 0), (0, 40), (20, 0), (20, 40), (10, 20)}


def test_a_side_within_two_pixels_of_224_becomes_it_and_of_another_input_in_proportion() -> None:
    rng = np.random.default_rng(0)
    sides = {multi_scale_box(258, 300, 224, [0.875, 0.86], rng)[2] for _ in range(50)}
    assert sides == {224, 221}  # floor(258 * 0.875) = 225
    assert [multi_scale_box(side, side, 224, [1.0], rng)[2] for side in (226, 227)] == [224, 227]
    assert {multi_scale_box(384, 384, 336, [0.87], rng)[2] for _ in range(5)} == {336}  # three pixels of 336
    assert {multi_scale_box(64, 64, 56, [0.86], rng)[2] for _ in range(5)} == {55}  # half a pixel of 56


def test_a_clip_without_colour_changes_is_its_crop_resized() -> None:
    clip = normalised(train_clip(FRAMES, recipe(), 56, True, np.random.default_rng(4)), "imagenet")
    top, left, h, w = multi_scale_box(64, 85, 56, RECIPE.crop_scales, np.random.default_rng(4))
    expected = [resized(frame[top : top + h, left : left + w], 56, 56) for frame in FRAMES]
    torch.testing.assert_close(plain(clip), channels_first(expected), atol=1e-6, rtol=0)
    assert clip.shape == (6, 3, 56, 56) and clip.dtype == torch.float32 and clip.is_contiguous()


def test_a_clip_is_flipped_only_where_the_dataset_allows_unless_the_recipe_does_not_ask() -> None:
    plain, flipped, refused, unasked = [
        normalised(
            train_clip(FRAMES, recipe(flip_prob=prob, flip_sided=sided), 56, flip, np.random.default_rng(1)), "clip"
        )
        for prob, flip, sided in ((0.0, True, False), (1.0, True, False), (1.0, False, False), (1.0, False, True))
    ]
    torch.testing.assert_close(flipped, plain.flip(3))
    torch.testing.assert_close(refused, plain)
    torch.testing.assert_close(unasked, flipped)


def test_a_grey_clip_is_grey_in_every_frame() -> None:
    clip = plain(
        normalised(train_clip(FRAMES, recipe(gray_prob=1.0), 56, True, np.random.default_rng(1)), "clip"), "clip"
    )
    torch.testing.assert_close(clip[:, 0], clip[:, 1], atol=1e-5, rtol=0)
    torch.testing.assert_close(clip[:, 0], clip[:, 2], atol=1e-5, rtol=0)


def test_a_clip_becomes_grey_after_its_colours_were_changed() -> None:
    whole, always = FRAMES[:, :, :64], RECIPE.color_jitter.model_copy(update={"prob": 1.0})
    settings, rng = recipe(gray_prob=1.0, color_jitter=always, crop_scales=[1.0]), np.random.default_rng(1)
    clip = normalised(train_clip(whole, settings, 56, True, np.random.default_rng(1)), "clip")
    box = multi_scale_box(64, 64, 56, [1.0], rng)
    rng.random(size=2)  # whether it is flipped, and its colours changed
    drawn = draw_changes(always, len(whole), rng)
    crops = [cropped(frame, (64, 64), box, 56) for frame in whole]
    expected = channels_first([color.grey(changed(crop, drawn, t)) for t, crop in enumerate(crops)])
    torch.testing.assert_close(plain(clip, "clip"), expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("shape", [(50, 50), (64, 85), (120, 67), (33, 90)])
def test_any_stored_size_gives_the_input_size(shape: tuple[int, int]) -> None:
    frames = np.full((3, *shape, 3), 128, dtype=np.uint8)
    clip = normalised(train_clip(frames, recipe(), 56, True, np.random.default_rng(0)), "imagenet")
    assert clip.shape == (3, 3, 56, 56)
    torch.testing.assert_close(plain(clip), torch.full_like(clip, 128 / 255), atol=1e-5, rtol=0)
    for crop in (None, 0, 1, 2):
        assert centre_clip(frames, 56, "imagenet", crop).shape == (3, 3, 56, 56)


def test_the_same_generator_gives_the_same_clip_and_frames_stay_untouched() -> None:
    before = FRAMES.copy()
    one, same, other = (
        normalised(train_clip(FRAMES, RECIPE, 56, True, np.random.default_rng(s)), "clip") for s in (1, 1, 2)
    )
    assert torch.equal(one, same) and not torch.equal(one, other)
    assert np.array_equal(before, FRAMES)


@pytest.mark.parametrize("size", [56, 224])
def test_a_clip_does_not_depend_on_the_number_of_threads(size: int) -> None:
    frames = np.random.default_rng(1).integers(0, 256, size=(16, size + 32, size + 80, 3), dtype=np.uint8)
    always = RECIPE.model_copy(update={"color_jitter": RECIPE.color_jitter.model_copy(update={"prob": 1.0})})
    before = torch.get_num_threads()
    clips = []
    try:
        for threads in (1, 2, 3, 8):
            torch.set_num_threads(threads)
            clips.append(normalised(train_clip(frames, always, size, True, np.random.default_rng(6)), "imagenet"))
    finally:
        torch.set_num_threads(before)
    assert all(torch.equal(clips[0], clip) for clip in clips)


def test_the_test_clip_is_the_centre_and_three_crops_are_start_end_and_middle() -> None:
    centre = channels_first([frame[4:60, 14:70] for frame in FRAMES])
    torch.testing.assert_close(plain(centre_clip(FRAMES, 56, "imagenet")), centre, atol=1e-6, rtol=0)
    wide = FRAMES[:, :56]  # short side 56, long side 85: 29 free pixels, of which the end leaves one
    for crop, left in ((0, 0), (1, 28), (2, 14)):
        assert np.array_equal(squares(wide, 56, crop), wide[:, :, left : left + 56])
        tall = wide.swapaxes(1, 2)
        assert np.array_equal(squares(tall, 56, crop), tall[:, left : left + 56])


def test_a_test_frame_is_opencvs_plain_bilinear_rounded() -> None:
    """A video of 360 x 480: reduced to 256 x 341 for the centre and to 224 x 299 for three crops."""
    frame = photograph(360, 480)
    assert np.array_equal(squares(frame[None], 224)[0], resized(frame, 256, 341)[16:240, 58:282])
    for crop, left in ((0, 0), (1, 74), (2, 37)):
        assert np.array_equal(squares(frame[None], 224, crop)[0], resized(frame, 224, 299)[:, left : left + 224])


@pytest.mark.parametrize(
    ("norm", "mean", "std"),
    [
        ("imagenet", [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
        ("clip", [0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]),
    ],
)
def test_statistics_are_the_published_ones(norm: str, mean: list[float], std: list[float]) -> None:
    ours = [torch.tensor(values) / 255 for values in STATISTICS[norm]]
    torch.testing.assert_close(ours[0], torch.tensor(mean), atol=1e-6, rtol=0)
    torch.testing.assert_close(ours[1], torch.tensor(std), atol=1e-6, rtol=0)


@pytest.mark.parametrize("source", [(64, 85), (50, 90), (90, 70)])
def test_a_crop_is_opencvs_of_the_whole_resized_frame(source: tuple[int, int]) -> None:
    frame = np.random.default_rng(0).integers(0, 256, (*source, 3), dtype=np.uint8)
    sides = short_sides(*source, 64)
    whole = frame if source == sides else resized(frame, *sides)
    assert np.array_equal(cropped(frame, sides, (3, 7, 48, 56), 56), resized(whole[3:51, 7:63], 56, 56))


@pytest.mark.parametrize("change", CHANGES)
def test_a_colour_change_leaves_its_picture_alone_and_gives_whole_grey_levels(change: object) -> None:
    for factor in (-0.1, 0.1) if change is color.hue else (0.6, 1.4):
        given = FRAMES[0].copy()
        after = change(given, factor)  # type: ignore[operator]
        assert np.array_equal(given, FRAMES[0]) and after.dtype == np.uint8


def test_sides_are_the_recipes_in_proportion_and_rounded_to_the_nearest_pixel():
    """As OpenCV's resize by a scale rounds, which the recipe's source calls: int(side * scale + 0.5)."""
    assert short_sides(240, 324, 256) == (256, 346) and short_sides(324, 240, 256) == (346, 256)  # of 345.6
    assert short_sides(240, 323, 256) == (256, 345) and short_sides(323, 240, 256) == (345, 256)  # of 344.53
    assert [stored_side(size) for size in (224, 56, 200, 100)] == [256, 64, 229, 114]  # of 228.6 and 114.3
