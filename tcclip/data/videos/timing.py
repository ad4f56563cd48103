"""What a program that seeks by time knows of a video: its rate, and how finely its container counts time."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

FINE = 512  # stamps per frame of a usual mp4, whose unit the encoder chooses
COARSE = {"avi"}  # containers with one stamp per frame
UNTOLD = {"matroska", "mkv", "webm"}  # containers that do not say how long their video stream is
USUAL_RATE = 30.0  # where a container does not tell its rate


class Timing(NamedTuple):
    """Of one video."""

    fps: float  # frames per second
    ticks: int  # time stamps per frame
    told: bool  # whether the stream's duration is known before it is decoded


def timing_in(index: pd.DataFrame, video: str) -> Timing:
    """The timing of a video that an index of frames has, by its rate and the name of its container."""
    fps, container = float(index.at[video, "fps"]), str(index.at[video, "container"])
    return Timing(fps if fps > 0 else USUAL_RATE, 1 if container in COARSE else FINE, container not in UNTOLD)
