"""No augmentation: the centres of the frames."""

from __future__ import annotations

from tcclip.data.clips.augmentation.augment import Augment
from tcclip.data.clips.testing import test_frames
from tcclip.params.kinds.augmentation.centre import Settings


def make(settings: Settings) -> Augment:
    """A test clip of one crop; neither the dataset's flips nor the stream of the clip are used."""
    return lambda frames, size, flip, rng: test_frames(frames, size, centre=settings.centre)
