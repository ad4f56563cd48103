"""What a frame is before the model sees it where nothing augments it: its centre, and the order of its colours."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from small_videos import photograph
from tiny_world import make_world

from tcclip.data.clips.normalising import STATISTICS
from tcclip.data.clips.testing import ViewClips
from tcclip.data.clips.testing import test_frames as squares
from tcclip.data.clips.training import TrainingClips
from tcclip.data.clips.views import View
from tcclip.data.videos.frames import FrameStore
from tcclip.params import Method, load_method
from tcclip.params.centre import Centre
from tcclip.params.protocol import CENTRE

CENTRED = {"recipe.augmentation": {"kind": "centre", "centre": {"short_side": 224, "resize": "bicubic"}}}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> FrameStore:
    return FrameStore(make_world(tmp_path_factory.mktemp("world")) / "frames")


def test_a_bicubic_centre_is_pillows_of_the_whole_frame_at_the_inputs_short_side() -> None:
    frame = photograph(96, 130)
    expected = np.asarray(Image.fromarray(frame).resize((76, 56), Image.Resampling.BICUBIC))[:, 10:66]
    centre = Centre(short_side=224, resize="bicubic")
    assert np.array_equal(squares(frame[None], 56, centre=centre)[0], expected)
    larger = squares(frame[None], 56, centre=Centre(short_side=256, resize="bicubic"))[0]
    expected = np.asarray(Image.fromarray(frame).resize((87, 64), Image.Resampling.BICUBIC))[4:60, 15:71]
    assert np.array_equal(larger, expected)


def clips(store: FrameStore, method: Method) -> tuple[torch.Tensor, torch.Tensor]:
    """A training and a test clip of one video."""
    video = str(store.index.index[0])
    training = TrainingClips(store, [(video, 0)], method, frames=4, size=32, flip=True, seed=1)
    testing = ViewClips(store, [video], CENTRE, 4, 32, method, seed=1)
    return training[(0, 0)][0], testing.clip(video, View(0, None))[1]


def test_without_augmentation_a_training_clip_is_the_centre_of_its_frames(store: FrameStore) -> None:
    method = load_method("vifi_clip", {**CENTRED, "centre": {"short_side": 224, "resize": "bicubic"}})
    video = str(store.index.index[0])
    training = TrainingClips(store, [(video, 0)], method, frames=4, size=32, flip=True, seed=1)
    frames = training.stored((3, 0))
    shown = squares(frames, 32, centre=method.centre).transpose(0, 3, 1, 2)
    mean, std = (np.array(values).reshape(3, 1, 1) for values in STATISTICS["imagenet"])
    assert np.allclose(training[(3, 0)][0].numpy(), (shown - mean) / std, atol=1e-5)


def test_bgr_exchanges_red_and_blue_and_leaves_the_statistics_where_they_are(store: FrameStore) -> None:
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in STATISTICS["imagenet"])
    both = (clips(store, load_method("vifi_clip", {**CENTRED, "channels": order})) for order in ("rgb", "bgr"))
    for red_first, blue_first in zip(*both, strict=True):
        exchanged = (red_first * std + mean).flip(1)
        assert torch.allclose(blue_first * std + mean, exchanged, atol=1e-3)
        assert not torch.allclose(red_first, blue_first, atol=1e-2)


def test_a_test_clip_is_the_centre_that_the_method_asks_for(store: FrameStore) -> None:
    method = load_method("vifi_clip", {"centre": {"short_side": 224, "resize": "bicubic"}, "norm": "clip"})
    video = str(store.index.index[0])
    chosen, clip = ViewClips(store, [video], CENTRE, 4, 32, method, seed=1).clip(video, View(0, None))
    shown = squares(store.read(video, chosen), 32, centre=method.centre).transpose(0, 3, 1, 2)
    mean, std = (np.array(values).reshape(3, 1, 1) for values in STATISTICS["clip"])
    assert np.allclose(clip.numpy(), (shown - mean) / std, atol=1e-5)


@pytest.mark.parametrize(("crop", "left"), [(0, 0), (1, 20), (2, 10)])
def test_three_crops_are_resized_as_the_centre_is_and_have_the_inputs_short_side(crop: int, left: int) -> None:
    frame = photograph(96, 130)
    whole = np.asarray(Image.fromarray(frame).resize((76, 56), Image.Resampling.BICUBIC))
    found = squares(frame[None], 56, crop, Centre(short_side=256, resize="bicubic"))[0]
    assert np.array_equal(found, whole[:, left : left + 56])
