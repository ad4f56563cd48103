"""Recipe S (methods.md 1.3): a random size, a random crop of it and a flip, all frames alike."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from small_videos import photograph

from tcclip.data.clips.augmentation.s import scaled, train_clip
from tcclip.data.clips.normalising import normalised
from tcclip.data.clips.testing import test_clip
from tcclip.data.resizing import resize
from tcclip.errors import UserError
from tcclip.params import load_method

METHOD = load_method("open_vclip")
RECIPE = METHOD.recipe.augmentation


class Drawn:
    """A stream whose draws are as far between their ends as it is told."""

    def __init__(self, place: float, coin: float = 0.9) -> None:
        self.place, self.coin = place, coin

    def uniform(self, low: float, high: float) -> float:
        return low + self.place * (high - low)

    def integers(self, count: int) -> int:
        return min(int(self.place * count), count - 1)

    def random(self) -> float:
        return self.coin


def clip(frames: np.ndarray, size: int = 56, flip: bool = True, recipe: Any = RECIPE, **draws: float) -> torch.Tensor:
    return normalised(train_clip(frames, recipe, size, flip, Drawn(**draws)), "clip")  # type: ignore[arg-type]


def frames(height: int = 70, width: int = 95) -> np.ndarray:
    return np.stack([photograph(height, width), photograph(height, width)[::-1]])


@pytest.mark.parametrize(("place", "side"), [(0.0, 56), (0.2, 58), (0.5, 60), (1.0, 64)])
def test_the_short_side_is_between_those_of_the_recipe_in_proportion_to_the_input(place: float, side: int) -> None:
    given = frames()
    width = 95 * side // 70
    top, left = min(int(place * (side - 55)), side - 56), min(int(place * (width - 55)), width - 56)
    expected = np.stack([resize(frame, side, width)[top : top + 56, left : left + 56] for frame in given])
    assert torch.equal(clip(given, place=place), test_clip(expected, 56, "clip", centre=METHOD.centre))


def test_the_other_side_is_rounded_down() -> None:
    assert scaled(240, 323, 239) == (239, 321) and scaled(323, 240, 239) == (321, 239)  # of 321.65
    assert scaled(240, 427, 239) == (239, 425) and scaled(427, 240, 239) == (425, 239) and scaled(5, 5, 9) == (9, 9)


def test_a_flip_is_of_all_frames_and_also_where_classes_name_a_side() -> None:
    plain, flipped = (clip(frames(), place=0.3, coin=coin) for coin in (0.5, 0.49))
    assert torch.equal(flipped, plain.flip(-1)) and not torch.equal(flipped, plain)
    assert torch.equal(clip(frames(), flip=False, place=0.3, coin=0.49), flipped)
    asks = RECIPE.model_copy(update={"flip_sided": False})
    assert torch.equal(clip(frames(), flip=False, recipe=asks, place=0.3, coin=0.49), plain)


def test_draws_are_of_the_whole_range() -> None:
    given, rng = frames(), np.random.default_rng(1)
    found = {
        tuple(normalised(train_clip(given, RECIPE, 56, True, rng), "clip")[0, :, 0, 0].tolist()) for _ in range(40)
    }
    assert len(found) > 30


def test_sides_that_leave_no_room_for_the_crop_are_refused() -> None:
    with pytest.raises(UserError, match="the first at least 224"):
        load_method("open_vclip", {"recipe.augmentation.short_sides": [200, 256]})
