"""From a video to a clip: frames are chosen, read, and made a model's input on one thread.

What is random in a clip comes from one generator: the choice draws first, the change of the frames after it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from tcclip.data.clips.kept import kept
from tcclip.data.clips.normalising import normalised
from tcclip.data.clips.sampling.sampling import Indices
from tcclip.data.videos.frames import FrameSource
from tcclip.params import Method
from tcclip.process.runtime import one_thread

Choice = Callable[[int], Indices]  # F, frames of a video -> (T,), those of a clip
Change = Callable[[NDArray[np.uint8]], NDArray[np.uint8]]  # frames (T, H, W, 3) -> pictures (T, size, size, 3)


def read_chosen(store: FrameSource, video: str, choose: Choice) -> tuple[Indices, NDArray[np.uint8]]:
    """Which frames of a video make its clip, (T,), and these frames as they are stored, uint8 (T, H, W, 3)."""
    chosen = choose(store.frames(video))
    return chosen, store.read(video, chosen)


def make_clip(
    store: FrameSource, video: str, choose: Choice, change: Change, method: Method, size: int, key: str
) -> tuple[Indices, Tensor]:
    """Which frames of a video make its clip, (T,), and the clip, (T, 3, size, size), whose colours the method orders.

    Whatever changes the frames, and the statistics of red, green and blue that they are normalised with, take the
    channels for red, green and blue. `key` names what the pictures depend on beside video and channels (`kept.key_of`).
    """
    chosen = choose(store.frames(video))

    def made() -> NDArray[np.uint8]:
        frames = store.read(video, chosen)
        return change(frames if method.channels == "rgb" else np.ascontiguousarray(frames[..., ::-1]))

    with one_thread():
        pictures = kept(f"{key} {method.channels} {video}", (len(chosen), size, size, 3), made)
        return chosen, normalised(pictures, method.norm)
