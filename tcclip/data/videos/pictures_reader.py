"""Frames of a video that is a folder of pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from tcclip.data.videos.listing import pictures_of
from tcclip.data.videos.reader import BrokenVideoError, DecodedFrame, VideoInfo, one_line
from tcclip.data.videos.survey import Survey


def probe(path: Path) -> VideoInfo:
    """Number and size of the pictures; their rate is what the dataset's file says, and not known here."""
    pictures = _pictures(path)
    height, width = _read(pictures[0]).shape[:2]
    codec = pictures[0].suffix[1:].lower()
    return VideoInfo(len(pictures), False, 0.0, width, height, codec, "pictures", 0)


def survey(path: Path) -> Survey:
    """What is known of a file before it is decoded; a folder of pictures has no packets."""
    return Survey(
        probe(path),
        [],
        [],
        refreshed=True,
        unit=0.0,
        begins=True,
        hidden=0,
        silent=0,
        alone=True,
        plain=True,
        faults="",
    )


def shown(path: Path) -> Iterator[DecodedFrame]:
    """Every picture in order."""
    for frame in read_all(path):
        yield DecodedFrame(None, True, partial(np.asarray, frame))


def read_all(path: Path) -> Iterator[NDArray[np.uint8]]:
    """Every picture in order, upright, uint8 (H, W, 3); all have the size of the first."""
    shape = None
    for picture in _pictures(path):
        frame = _read(picture)
        shape = shape or frame.shape
        yield _as(shape, frame, picture)


def read_clip(path: Path, indices: Sequence[int]) -> NDArray[np.uint8]:
    """The pictures at `indices`, uint8 (T, H, W, 3); an index past the end gives the last one."""
    pictures = _pictures(path)
    wanted = [min(index, len(pictures) - 1) for index in indices]
    frames = {index: _read(pictures[index]) for index in set(wanted)}
    shape = frames[wanted[0]].shape
    return np.stack([_as(shape, frames[index], pictures[index]) for index in wanted])


def _pictures(path: Path) -> list[Path]:
    pictures = pictures_of(path)
    if not pictures:
        raise BrokenVideoError("the folder has no pictures")
    return pictures


def _read(path: Path) -> NDArray[np.uint8]:
    try:
        with Image.open(path) as picture:
            return np.asarray(_of_8_bits(ImageOps.exif_transpose(picture)).convert("RGB"))
    except (OSError, ValueError, SyntaxError) as error:
        if (
            isinstance(error, OSError) and error.errno
        ):  # the system's error; Pillow's own about a picture have no number
            raise
        raise BrokenVideoError(f"{path.name}: {one_line(error)}") from error


def _of_8_bits(picture: Image.Image) -> Image.Image:
    """Grey levels of 16 bits, as depth cameras have them, by their upper 8; Pillow makes white of all above 255."""
    if picture.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8))
    if picture.mode in ("I", "F"):
        raise ValueError("its pixels have 32 bits, of which nothing says how bright they are: save it with 8 or 16")
    return picture


def _as(shape: tuple[int, ...], frame: NDArray[np.uint8], path: Path) -> NDArray[np.uint8]:
    if frame.shape != shape:
        (height, width), (first_height, first_width) = frame.shape[:2], shape[:2]
        raise BrokenVideoError(
            f"{path.name} is {width} x {height} and the first picture {first_width} x {first_height}"
        )
    return frame
