"""A stored frame is its encoder's JPEG less two segments that all have alike, and decoders see the same picture."""

from __future__ import annotations

import io
from collections.abc import Callable

import av
import cv2
import numpy as np
import pytest
import simplejpeg
import torch
from numpy.typing import NDArray
from PIL import Image
from small_videos import picture
from torchvision.io import decode_jpeg

from tcclip.data.videos.jpeg import JFIF, TABLES, complete, encode


def test_a_frame_is_the_encoders_jpeg_but_for_its_tables_and_jfif_header() -> None:
    whole = simplejpeg.encode_jpeg(picture(5), quality=90, colorspace="RGB", colorsubsampling="420")
    assert len(encode(picture(5), 90)) == len(whole) - len(TABLES) - len(JFIF) == len(whole) - 450
    assert complete(encode(picture(5), 90)) == whole == complete(whole)


def test_frames_of_earlier_shards_which_have_their_jfif_header_are_completed_too() -> None:
    whole = simplejpeg.encode_jpeg(picture(5), quality=90, colorspace="RGB", colorsubsampling="420")
    earlier = whole.replace(TABLES, b"")
    assert complete(earlier) == whole
    assert np.array_equal(simplejpeg.decode_jpeg(earlier), simplejpeg.decode_jpeg(encode(picture(5), 90)))


DECODERS: dict[str, Callable[[bytes], NDArray[np.uint8]]] = {
    "simplejpeg": simplejpeg.decode_jpeg,
    "Pillow": lambda jpeg: np.asarray(Image.open(io.BytesIO(jpeg))),
    "OpenCV": lambda jpeg: np.asarray(cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR), np.uint8),
    "torchvision": lambda jpeg: decode_jpeg(torch.frombuffer(bytearray(jpeg), dtype=torch.uint8)).numpy(),
    "FFmpeg": lambda jpeg: next(av.open(io.BytesIO(jpeg), format="mjpeg").decode(video=0)).to_ndarray(format="rgb24"),
}


@pytest.mark.parametrize("decoder", DECODERS)
def test_decoders_give_the_same_picture_without_these_segments(decoder: str) -> None:
    jpeg = encode(picture(7), 90)
    assert np.array_equal(DECODERS[decoder](jpeg), DECODERS[decoder](complete(jpeg)))
