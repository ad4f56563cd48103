"""The diagnostic data set: what frames show by themselves is the same in both classes, and what follows from it."""

from __future__ import annotations

from collections import Counter
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tcclip.data.splits.lists import read_lists
from tcclip.mini.diagnostic.bounds import best_without_exchange, shares
from tcclip.mini.diagnostic.clips import clip, shown
from tcclip.mini.diagnostic.parts import FRAMES, PARTS, DiagnosticPart, Sequence, Side
from tcclip.mini.diagnostic.picture import draw
from tcclip.mini.diagnostic.texts import WORDS
from tcclip.mini.diagnostic.writer import generate
from tcclip.mini.encode import STILLS, encode
from tcclip.mini.scenes import stream
from tcclip.params import load_dataset, load_table
from tcclip.params.dataset import Generate, Generated

PART = {part.name: part for part in PARTS}
BETWEEN = ["relation", "order", "far_apart", "distractors"]  # what no single frame tells
BEST = {"every_frame": 100, "few_frames": 100, "relation": 75, "order": 50, "far_apart": 75, "distractors": 75}


def of_a_frame(side: Side) -> dict[str, float]:
    """How often a frame of a video shows what."""
    counts = Counter(thing for sequence in side.sequences for thing in sequence)
    return {thing: count / counts.total() for thing, count in counts.items()}


def things_of(part: DiagnosticPart) -> list[str]:
    return sorted({thing for side in part.sides for sequence in side.sequences for thing in sequence})


def tried(part: DiagnosticPart) -> float:
    """The best accuracy of all scores from -2 to 2 of what a frame shows, and of all thresholds and both directions."""
    found = 0.0
    things = things_of(part)
    both = [shares(side, things) for side in part.sides]
    for scores in product(range(-2, 3), repeat=len(things)):
        values = [{c: float(np.dot(c, scores)) for c in side} for side in both]
        for threshold in {value + 0.5 for side in values for value in side.values()}:
            above = [sum(p for c, p in side.items() if v[c] > threshold) for side, v in zip(both, values, strict=True)]
            found = max(found, above[0] + 1 - above[1])
    return 50 * found


@pytest.mark.parametrize("name", PART)
def test_the_bound_is_what_trying_all_small_scores_finds(name: str) -> None:
    assert best_without_exchange(PART[name]) == pytest.approx(tried(PART[name])) == BEST[name]


def test_the_table_has_the_bounds() -> None:
    bounds = {column.name: column.bound for column in load_table("diagnostic").columns}
    assert {name: bound.percent for name, bound in bounds.items()} == BEST


@pytest.mark.parametrize("name", BETWEEN)
def test_a_frame_says_nothing_of_the_class(name: str) -> None:
    assert of_a_frame(PART[name].sides[0]) == pytest.approx(of_a_frame(PART[name].sides[1]))


def test_order_is_the_only_difference_between_the_classes_of_order() -> None:
    first, second = PART["order"].sides
    assert [sequence[::-1] for sequence in first.sequences] == list(second.sequences)
    assert shares(first, things_of(PART["order"])) == shares(second, things_of(PART["order"]))


def test_relations_need_no_order() -> None:
    for name in ("relation", "far_apart", "distractors"):
        for side in PART[name].sides:
            assert {sequence[::-1] for sequence in side.sequences} == set(side.sequences)


@pytest.mark.parametrize("name", BETWEEN)
def test_drawn_frames_of_both_classes_are_the_same_pictures(name: str) -> None:
    """With one video's random numbers a frame's picture is what it shows, whatever the class and whatever the time."""
    part = PART[name]
    pictures: dict[tuple[str, int], list[np.ndarray]] = {}
    for side in part.sides:
        frames = shown(part, side.sequences[0], stream(5, "pictures")).astype(np.float64)
        for time, thing in enumerate(side.sequences[0]):
            at = time if part.distractors else 0  # distractors move, in both classes alike
            pictures.setdefault((thing, at), []).append(frames[time])
    several = [same for same in pictures.values() if len(same) > 1]
    assert several
    for same in several:
        assert max(np.abs(picture - same[0]).mean() for picture in same) < 8  # noise
    assert len({thing for thing, _ in pictures}) > 1


def test_a_frame_of_a_file_is_the_same_wherever_it_stands(tmp_path: Path) -> None:
    """A codec that codes differences would show in a frame what was before it: with it a frame alone told order."""
    frames = clip(PART["order"], 0, 1, 0)
    order = np.random.default_rng(0).permutation(FRAMES)
    for name, some in (("as they are", frames), ("shuffled", frames[order])):
        encode(tmp_path / f"{name}.mp4", some, 8, STILLS)
    decoded = {name: decoded_frames(tmp_path / f"{name}.mp4") for name in ("as they are", "shuffled")}
    assert np.array_equal(decoded["as they are"][order], decoded["shuffled"])
    assert np.abs(decoded["as they are"].astype(float) - frames).mean() < 8  # colours of half the resolution


def decoded_frames(path: Path) -> np.ndarray:
    import av

    with av.open(str(path)) as container:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])


def test_a_video_is_the_same_for_the_same_seed_and_its_frames_show_its_sequence() -> None:
    part = PART["few_frames"]
    assert np.array_equal(clip(part, 1, 1, 3), clip(part, 1, 1, 3))
    assert not np.array_equal(clip(part, 1, 1, 3), clip(part, 1, 2, 3))
    sequence: Sequence = part.sides[0].sequences[2]
    frames = shown(part, sequence, stream(0)).astype(np.float64)
    assert frames.shape == (FRAMES, 64, 64, 3)
    far = np.abs(frames - np.median(frames, axis=0)).mean(axis=(1, 2, 3))
    assert int(far.argmax()) == 2 and far[2] > 4 * np.sort(far)[-2]


def test_files_are_lists_that_the_readers_know(tmp_path: Path) -> None:
    numbers = Generate(role="diagnostic", seed=1, train_per_class=3, test_per_class=1)
    dataset = load_dataset("mini_diagnostic")
    assert isinstance(dataset, Generated)
    generate(dataset.model_copy(update={"generate": numbers}), "diagnostic", tmp_path)
    classes, splits = read_lists(dataset, tmp_path)
    names = classes["train"]
    assert set(names) == {side.name for part in PARTS for side in part.sides} == set(WORDS)
    assert {label for _, label in splits["train"]} == set(range(len(names)))
    for part in PARTS:
        assert [classes[part.name][label] for _, label in splits[part.name]] == [side.name for side in part.sides]
    listed = {video for rows in splits.values() for video, _ in rows}
    assert listed == {path.stem for path in (tmp_path / "videos").rglob("*.mp4")}


def test_the_picture_of_the_documentation_is_full_up_to_its_edges_and_its_words_are_not_cut(tmp_path: Path) -> None:
    draw(tmp_path / "a.webp")
    with Image.open(tmp_path / "a.webp") as picture:
        darkest = np.asarray(picture.convert("L")).min(axis=0)
    assert darkest[-6:].min() < 200  # the last frames
    assert darkest[:4].min() > 240  # left of the longest name
