"""The centre of a frame that a test shows, and a training without augmentation."""

from __future__ import annotations

from typing import Literal

from tcclip.params.reader import Params


class Centre(Params):
    """How a frame is resized before its centre is taken; the number is of an input of 224 pixels."""

    short_side: Literal[224, 256]  # of the resized frame; three crops of a frame always have the input's
    resize: Literal["bilinear", "bicubic"]  # bilinear: plain, as OpenCV's | bicubic: smoothing, as Pillow's
