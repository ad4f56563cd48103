"""Recipe V (methods.md 1.3): RandAugment's operations against timm's, how they are drawn, and crops of any shape."""

from __future__ import annotations

import math
from collections import Counter

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from small_videos import photograph

from tcclip.data.clips.augmentation.rand_augment import OPERATIONS, Operation, draw_operations, operated
from tcclip.data.clips.augmentation.v import resized_crop_box, train_clip
from tcclip.params import load_method
from tcclip.params.kinds.augmentation.v import RandAugment, Settings

RECIPE = load_method("vita_clip").recipe.augmentation
THEIRS = {
    "auto_contrast": "AutoContrast",
    "equalize": "Equalize",
    "invert": "Invert",
    "rotate": "Rotate",
    "posterize": "PosterizeIncreasing",
    "solarize": "SolarizeIncreasing",
    "solarize_add": "SolarizeAdd",
    "color": "ColorIncreasing",
    "contrast": "ContrastIncreasing",
    "brightness": "BrightnessIncreasing",
    "sharpness": "SharpnessIncreasing",
    "shear_x": "ShearX",
    "shear_y": "ShearY",
    "translate_x": "TranslateXRel",
    "translate_y": "TranslateYRel",
}


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("strength", [-0.73, 0.0, 0.4, 0.9])
def test_an_operation_is_that_of_the_usual_increasing_set(
    name: str, strength: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = pytest.importorskip("timm.data.auto_augment")
    monkeypatch.setattr(theirs, "_randomly_negate", lambda value: math.copysign(1, strength) * value)
    picture = Image.fromarray(photograph(48, 64))
    level_of = theirs.LEVEL_TO_ARG[THEIRS[name]]
    arguments = level_of(10 * abs(strength), dict(theirs._HPARAMS_DEFAULT)) if level_of else ()
    expected = theirs.NAME_TO_OP[THEIRS[name]](
        picture, *arguments, resample=Image.Resampling.BICUBIC, fillcolor=(128, 128, 128)
    )
    assert np.array_equal(operated(np.asarray(picture), [Operation(name, strength)]), np.asarray(expected))


def test_at_full_strength_no_bit_of_a_posterized_picture_remains() -> None:
    assert not operated(photograph(8, 8), [Operation("posterize", 1.0)]).any()


def test_the_set_has_all_operations_of_the_usual_one() -> None:
    theirs = pytest.importorskip("timm.data.auto_augment")
    assert list(THEIRS) == list(OPERATIONS) and list(THEIRS.values()) == theirs._RAND_INCREASING_TRANSFORMS


def test_four_operations_are_drawn_with_replacement_and_half_of_them_applied() -> None:
    rng = np.random.default_rng(0)
    drawn = [draw_operations(RECIPE.rand_augment, rng) for _ in range(2000)]
    counts = Counter(len(operations) for operations in drawn)
    assert all(abs(counts[n] / 2000 - math.comb(4, n) / 16) < 0.03 for n in range(5))
    names = Counter(operation.name for operations in drawn for operation in operations)
    assert set(names) == set(OPERATIONS) and max(names.values()) < 1.5 * min(names.values())
    assert any(len({operation.name for operation in operations}) < len(operations) for operations in drawn)
    strengths = np.array([operation.strength for operations in drawn for operation in operations])
    assert abs(np.abs(strengths).mean() - 0.7) < 0.01 and abs(np.abs(strengths).std() - 0.05) < 0.01
    assert 0.45 < (strengths > 0).mean() < 0.55


def test_magnitudes_end_at_ten() -> None:
    params = RandAugment(count=50, prob=1.0, magnitude=9.5, deviation=3.0)
    strengths = [abs(operation.strength) for operation in draw_operations(params, np.random.default_rng(1))]
    assert max(strengths) == 1.0 and len(strengths) == 50


@given(st.integers(1, 400), st.integers(1, 400), st.integers(0, 2**32))
def test_a_crop_lies_in_the_frame_and_has_the_recipes_area_and_ratio(height: int, width: int, seed: int) -> None:
    top, left, rows, columns = resized_crop_box(height, width, RECIPE.area, RECIPE.ratio, np.random.default_rng(seed))
    assert 0 <= top <= top + rows <= height and 0 <= left <= left + columns <= width and rows and columns
    if min(height, width) > 100:
        assert 0.07 < rows * columns / (height * width) <= 1.02
        assert 0.7 < columns / rows < 1.4


def test_crops_reach_all_edges_and_both_ends_of_the_spans() -> None:
    rng = np.random.default_rng(0)
    boxes = np.array([resized_crop_box(100, 130, RECIPE.area, RECIPE.ratio, rng) for _ in range(3000)])
    top, left, rows, columns = boxes.T
    assert top.min() == left.min() == 0 and (top + rows).max() == 100 and (left + columns).max() == 130
    area, ratio = rows * columns / 13000, columns / rows
    assert area.min() < 0.1 and area.max() > 0.95 and ratio.min() < 0.78 and ratio.max() > 1.3
    small = np.log(ratio[area < 0.5])  # of those, hardly any was too long for the frame
    assert abs(small.mean()) < 0.03


def test_a_crop_that_is_smaller_than_the_frame_lies_anywhere_in_it_and_at_its_last_rows_and_columns_too() -> None:
    rng = np.random.default_rng(0)
    boxes = {resized_crop_box(10, 12, (0.3, 0.3), (1.0, 1.0), rng) for _ in range(1500)}  # 6 by 6
    assert boxes == {(top, left, 6, 6) for top in range(5) for left in range(7)}


def test_where_no_crop_fits_the_largest_one_in_the_centre_is_taken() -> None:
    rng = np.random.default_rng(0)
    assert resized_crop_box(100, 10, (0.9, 1.0), (0.75, 4 / 3), rng) == (43, 0, 13, 10)
    assert resized_crop_box(10, 100, (0.9, 1.0), (0.75, 4 / 3), rng) == (0, 43, 10, 13)


def test_a_crop_as_high_or_as_wide_as_the_frame_lies_anywhere_along_it() -> None:
    draws = [np.random.default_rng(seed) for seed in range(20)]
    lefts = {resized_crop_box(10, 100, (0.1, 0.1), (1.0, 1.0), rng)[1] for rng in draws}
    tops = {resized_crop_box(100, 10, (0.1, 0.1), (1.0, 1.0), rng)[0] for rng in draws}
    assert len(lefts) > 10 and len(tops) > 10


def test_a_ratio_is_width_over_height() -> None:
    _, _, rows, columns = resized_crop_box(200, 200, (0.18, 0.18), (2.0, 2.0), np.random.default_rng(0))
    assert (rows, columns) == (60, 120)


def test_ten_crops_are_tried() -> None:
    rng, same = np.random.default_rng(0), np.random.default_rng(0)
    resized_crop_box(100, 10, (0.9, 1.0), (0.75, 4 / 3), rng)
    same.uniform(size=20)  # an area and a ratio of each
    assert rng.random() == same.random()


def test_all_frames_of_a_clip_are_changed_alike_before_they_are_cropped() -> None:
    frames = np.stack([photograph(60, 80), photograph(60, 80)[::-1], photograph(60, 80)])
    clip = train_clip(frames, RECIPE, 32, np.random.default_rng(3))
    rng = np.random.default_rng(3)
    operations = draw_operations(RECIPE.rand_augment, rng)
    top, left, rows, columns = resized_crop_box(60, 80, RECIPE.area, RECIPE.ratio, rng)
    crops = [operated(frame, operations)[top : top + rows, left : left + columns] for frame in frames]
    expected = [cv2.resize(crop, (32, 32), interpolation=cv2.INTER_LINEAR) for crop in crops]
    assert operations and np.array_equal(clip, expected) and np.array_equal(expected[0], expected[2])


def test_a_clip_is_never_mirrored() -> None:
    whole = {
        "area": (1.0, 1.0),
        "ratio": (1.0, 1.0),
        "rand_augment": RandAugment(count=0, prob=1, magnitude=0, deviation=0),
    }
    settings = Settings(**whole)
    frames = photograph(32, 32)[None]
    for seed in range(20):
        assert np.array_equal(train_clip(frames, settings, 32, np.random.default_rng(seed)), frames)


def test_a_span_ascends() -> None:
    with pytest.raises(ValueError, match="must not be larger"):
        Settings(**{**RECIPE.model_dump(), "area": (1.0, 0.08)})
