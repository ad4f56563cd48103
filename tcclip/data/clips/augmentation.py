"""From stored frames to a model's input: Recipe X of methods.md 1.3, for any input size.

The recipe names 256 and 224; for another size S the 256 becomes round(S * 256 / 224). All randomness comes from the
generator that is passed in, so that a clip depends on nothing but its frames, the params and that generator.
Resizing is bilinear without smoothing, as in the code the recipe comes from; large sources were smoothed when stored.
Pictures are float32 throughout. One frame goes through all steps before the next: it fits into a processor's cache, and
a clip does not.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tcclip.data.clips import color
from tcclip.data.clips.color import Picture
from tcclip.params.recipe import Augmentation, ColorJitter

STATISTICS = {  # mean and standard deviation of red, green, blue in 0..255
    "imagenet": ((123.675, 116.28, 103.53), (58.395, 57.12, 57.375)),
    "clip": ((122.7709383, 116.7460125, 104.09373615), (68.5005327, 66.6321579, 70.32316305)),
}
SNAP = 2  # pixels: a crop side this near the input size becomes the input size

cv2.setNumThreads(1)  # loader workers are processes

CHANGES = (color.brightness, color.contrast, color.saturation, color.hue)

Box = tuple[int, int, int, int]  # top, left, height, width


class Changes(NamedTuple):
    """The changes of colour of a clip's frames."""

    strength: NDArray[np.float64]  # (4, T): the factor of every change of CHANGES
    order: NDArray[np.int64]  # (T, 4): frame t's i-th change


def train_clip(
    frames: NDArray[np.uint8], augmentation: Augmentation, size: int, flip: bool, norm: str, rng: np.random.Generator
) -> Tensor:
    """A training clip: frames uint8 (T, H, W, 3) -> float32 (T, 3, size, size), normalised.

    `flip` is the dataset's permission (false where classes name a side). Drawn once per clip: the crop, the flip,
    whether colours are jittered, whether the clip is grey. Once per frame: the strength and order of colour changes.
    """
    sides = short_sides(frames.shape[1], frames.shape[2], stored_side(size))
    box = multi_scale_box(*sides, size, augmentation.crop_scales, rng)
    flipped = rng.random() < augmentation.flip_prob and flip
    jitter = augmentation.color_jitter
    changes = draw_changes(jitter, len(frames), rng) if rng.random() < jitter.prob else None
    grey = rng.random() < augmentation.gray_prob
    mean, std = _statistics(norm)
    unit = torch.cat([torch.diag(1 / std.flatten()), -(mean / std).view(3, 1)], dim=1).numpy()  # (x - mean) / std
    clip = np.empty((len(frames), 3, size, size), dtype=np.float32)
    for t, frame in enumerate(frames):
        picture = cropped(frame, sides, box, size)
        if flipped:
            picture = cv2.flip(picture, 1)
        if changes:
            picture = changed(picture, changes, t)
        if grey:
            picture = color.grey(picture)
        cv2.split(cv2.transform(picture, unit), list(clip[t]))
    return torch.from_numpy(clip)


def test_clip(frames: NDArray[np.uint8], size: int, norm: str, crop: int | None = None) -> Tensor:
    """A test clip: frames uint8 (T, H, W, 3) -> float32 (T, 3, size, size), normalised.

    `crop` None: the centre of the frames at the recipe's short side. 0, 1, 2: the start, the end, the middle square
    along the long side, the short side being `size`.
    """
    return normalise(test_frames(frames, size, crop), norm)


def test_frames(frames: NDArray[np.uint8], size: int, crop: int | None = None) -> Tensor:
    """`test_clip` before normalisation, in 0..1."""
    height, width = short_sides(frames.shape[1], frames.shape[2], stored_side(size) if crop is None else size)
    share = 0.5 if crop is None else (0.0, 1.0, 0.5)[crop]
    top, left = int((height - size) * share), int((width - size) * share)
    square = slice(top, top + size), slice(left, left + size)
    pictures = [resize(to_float(frame), height, width)[square] for frame in frames]
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2)


# pytest would take these for tests by their names
test_clip.__test__ = False  # type: ignore[attr-defined]
test_frames.__test__ = False  # type: ignore[attr-defined]


def stored_side(size: int) -> int:
    """The short side before cropping: 256 for an input of 224."""
    return round(size * 256 / 224)


def to_float(frame: NDArray[np.uint8]) -> Picture:
    """uint8 in 0..255 -> float32 in 0..1."""
    return np.divide(frame, np.float32(255), dtype=np.float32)


def cropped(frame: NDArray[np.uint8], sides: tuple[int, int], box: Box, size: int) -> Picture:
    """`box` of a frame uint8 (H, W, 3) resized to `sides`, (size, size, 3) in 0..1.

    Where a frame has these sides already, pixels outside of the box are not touched.
    """
    top, left, height, width = box
    inside = slice(top, top + height), slice(left, left + width)
    picture = to_float(frame[inside]) if frame.shape[:2] == sides else resize(to_float(frame), *sides)[inside]
    return resize(picture, size, size)


def short_sides(height: int, width: int, side: int) -> tuple[int, int]:
    """Height and width with the short side `side`, ratio kept."""
    scale = side / min(height, width)
    return max(side, int(height * scale + 0.5)), max(side, int(width * scale + 0.5))


def resize(picture: Picture, height: int, width: int) -> Picture:
    """(H, W, 3) to (height, width, 3), bilinear, pixel centres aligned as in interpolate(align_corners=False)."""
    if picture.shape[:2] == (height, width):
        return picture
    resized: Picture = cv2.resize(picture, (width, height), interpolation=cv2.INTER_LINEAR)
    return resized


def multi_scale_box(height: int, width: int, size: int, scales: list[float], rng: np.random.Generator) -> Box:
    """One of the recipe's crops: sides from neighbouring scales of the short side, at a corner or in the centre."""
    base = min(height, width)
    sides = [int(base * scale) for scale in scales]
    sides = [size if abs(side - size) <= SNAP else side for side in sides]
    pairs = [(h, w) for i, h in enumerate(sides) for j, w in enumerate(sides) if abs(i - j) <= 1]
    crop_height, crop_width = pairs[rng.integers(len(pairs))]
    free_height, free_width = height - crop_height, width - crop_width
    places = [
        (0, 0),
        (0, free_width),
        (free_height, 0),
        (free_height, free_width),
        (free_height // 2, free_width // 2),
    ]
    top, left = places[rng.integers(len(places))]
    return top, left, crop_height, crop_width


def draw_changes(params: ColorJitter, T: int, rng: np.random.Generator) -> Changes:
    """Brightness, contrast, saturation and hue for each of T frames by its own factors, in its own order.

    The order is drawn as torchvision's ColorJitter draws it; the recipe's source applies that operator frame by frame.
    """
    spans = [params.brightness, params.contrast, params.saturation]
    factors = [rng.uniform(max(0, 1 - span), 1 + span, size=T) for span in spans]
    factors.append(rng.uniform(-params.hue, params.hue, size=T))
    order = rng.permuted(np.tile(np.arange(len(CHANGES)), (T, 1)), axis=1)
    return Changes(np.stack(factors), order)


def changed(picture: Picture, changes: Changes, t: int) -> Picture:
    """Frame `t` after its changes of colour."""
    for number in changes.order[t]:
        picture = CHANGES[number](picture, float(changes.strength[number, t]))
    return picture


def normalise(clip: Tensor, norm: str) -> Tensor:
    """(T, 3, H, W) in 0..1 to zero mean and unit variance of the named statistics."""
    mean, std = _statistics(norm)
    return (clip - mean).div_(std).contiguous()


def _statistics(norm: str) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation (3, 1, 1) for pixels in 0..1."""
    mean, std = (torch.tensor(values).view(3, 1, 1) / 255 for values in STATISTICS[norm])
    return mean, std
