"""What is drawn in the mini suite: the same for the same seed, and what the class names say."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tcclip.mini.backgrounds import TEXTURE
from tcclip.mini.cameras import ROLES, SSV2
from tcclip.mini.classes import (
    BACKGROUNDS,
    COLOURS,
    HMDB51,
    K400,
    K600,
    K600_DRAWS,
    MOTIONS,
    SHAPES,
    UCF101,
    looks,
    split_camel_case,
)
from tcclip.mini.datasets import CONTENTS
from tcclip.mini.motions import MOTION
from tcclip.mini.painting import Thing, paint
from tcclip.mini.relations import SSV2 as RELATIONS
from tcclip.mini.relations import Relation, relation_clip
from tcclip.mini.scenes import named_clip, stream
from tcclip.mini.shapes import DISTANCE
from tcclip.mini.stills import stills
from tcclip.params.dataset import Generate

FEW = Generate(role="hmdb51", seed=1, train_per_class=8, test_per_class=4)
TIME = np.linspace(0, 1, 12, dtype=np.float32)


@pytest.mark.parametrize("role", CONTENTS)
def test_the_same_seed_gives_the_same_pixels_in_any_order(role: str) -> None:
    first, again = CONTENTS[role](FEW).clips, CONTENTS[role](FEW).clips
    chosen = (0, len(first) // 2, len(first) - 1)
    forwards = [first[i].frames() for i in chosen]
    backwards = [again[i].frames() for i in reversed(chosen)][::-1]
    assert [clip.path for clip in first] == [clip.path for clip in again]
    assert all(np.array_equal(a, b) for a, b in zip(forwards, backwards, strict=True))


@pytest.mark.parametrize("role", CONTENTS)
def test_another_seed_gives_other_pixels(role: str) -> None:
    one, other = (
        CONTENTS[role](Generate(role="hmdb51", seed=s, train_per_class=8, test_per_class=4)).clips[3].frames()
        for s in (1, 2)
    )
    assert one.shape != other.shape or not np.array_equal(one, other)


def test_stills_repeat_and_their_captions_are_plain_lower_case_words() -> None:
    pictures, captions = stills(60, 56, 7)
    again, same = stills(60, 56, 7)
    assert pictures.shape == (60, 56, 56, 3) and pictures.dtype == np.uint8
    assert captions == same and np.array_equal(pictures, again)
    templates = {word for relation in RELATIONS for word in relation.name.lower().split()}
    known = {*COLOURS, *SHAPES, *BACKGROUNDS, *MOTIONS, *templates, "a", "an", "photo", "picture", "of", "on"}
    assert {word.rstrip(".") for caption in captions for word in caption.split()} <= known


def test_captions_hold_every_word_of_the_class_names() -> None:
    words = {word.rstrip(".") for caption in stills(1500, 16, 7)[1] for word in caption.split()}
    for name in (*K400, *K600, *UCF101, *HMDB51):
        assert set(split_camel_case(name).lower().split()) <= words
    assert all(set(relation.name.lower().split()) <= words for relation in RELATIONS)


def test_every_vocabulary_word_can_be_drawn() -> None:
    assert tuple(DISTANCE) == SHAPES
    assert set(TEXTURE) == set(BACKGROUNDS)
    assert set(MOTION) == set(MOTIONS)


def test_class_names_say_what_is_drawn() -> None:
    assert looks("GreenBallOnBricks") == looks("green ball on bricks")
    assert all(looks(name).colour and looks(name).shape for name in (*K400, *K600, *UCF101))
    assert all(looks(name).shape and looks(name).motion for name in (*K400, *K600, *HMDB51))
    assert all(looks(name).motion is None for name in UCF101)


def test_k600_holds_no_class_of_k400_and_its_draws_overlap() -> None:
    assert not set(K400) & set(K600)
    assert [len(set(draw)) for draw in K600_DRAWS] == [12, 12, 12]
    assert all(set(a) & set(b) and set(a) != set(b) for a, b in pairwise(K600_DRAWS))
    assert set().union(*K600_DRAWS) == set(range(len(K600)))


@pytest.mark.parametrize("pair", [(1, 2), (5, 6)])
@pytest.mark.parametrize("seed", range(3))
def test_of_an_order_only_pair_one_class_is_the_other_played_backwards(pair: tuple[int, int], seed: int) -> None:
    one, other = (relation_clip(RELATIONS[i], SSV2, stream(seed), stream(seed, "clip")).frames() for i in pair)
    assert np.array_equal(one, other[::-1])
    assert not np.array_equal(one, other)


def places(relation: Relation, moment: int, count: int = 1500) -> np.ndarray:
    """Positions, sizes and colours of a class's first object at one frame chosen at random, (count, 5)."""
    rows = []
    for i in range(count):
        rng = stream(moment, relation.template, i)
        thing, t = relation.things(TIME, rng)[0], int(rng.integers(len(TIME)))
        rows.append([thing.x[t], thing.y[t], thing.radius[t], *thing.colour[t, :2]])
    return np.asarray(rows)


@pytest.mark.parametrize("members", [(0, 1, 3, 4), (5, 7)])
def test_a_single_frame_does_not_tell_the_ssv2_class(members: tuple[int, ...]) -> None:
    samples = [places(RELATIONS[i], 1) for i in members]
    scale = samples[0].std(axis=0)
    for other in samples[1:]:
        assert np.allclose(other.mean(axis=0) / scale, samples[0].mean(axis=0) / scale, atol=0.15)
        assert np.allclose(other.std(axis=0) / scale, 1, atol=0.1)


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(SHAPES), st.floats(-20, 60), st.floats(-20, 60), st.floats(1, 25), st.floats(0, 7))
def test_objects_may_leave_the_frame(shape: str, x: float, y: float, radius: float, angle: float) -> None:
    frames = np.full((2, 40, 40, 3), 100, dtype=np.float32)
    two = np.ones(2, dtype=np.float32)
    paint(frames, Thing(shape, np.full((2, 3), 250, np.float32), x * two, y * two, radius * two, angle * two))
    assert np.isfinite(frames).all() and frames.min() >= 0 and frames.max() <= 275


def test_some_clips_are_shorter_than_sixteen_frames_and_some_are_longer() -> None:
    for role, part in ROLES.items():
        low, high = part.camera.frames
        assert 8 <= low < 16 < high <= 48, role
        assert all(width % 2 == 0 and height % 2 == 0 for width, height in part.camera.sizes)


def test_a_class_without_noise_shows_its_colour() -> None:
    clear = replace(ROLES["ucf101"].camera, noise=(0, 0), light=0, haze=(0, 0), soft=0, distractors=(0, 0))
    frames = named_clip("RedStar", clear, stream(3), stream(4)).frames().astype(int)
    assert ((frames[..., 0] > 150) & (frames[..., 1] < 80) & (frames[..., 2] < 80)).any(axis=(1, 2)).all()
