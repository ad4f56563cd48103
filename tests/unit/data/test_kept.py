"""Clips that another job of the workflow has made (`tcclip.data.clips.kept`)."""

import dataclasses
import multiprocessing
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from tiny_world import make_world
from torch.utils.data import Dataset

from tcclip.data.clips import kept as keeping
from tcclip.data.clips.kept import MARK, PLACE, PLACES, SPARE, begin, kept
from tcclip.data.clips.testing import ViewClips
from tcclip.data.clips.training import TrainingClips
from tcclip.data.videos.frames import FrameStore
from tcclip.params import load_method
from tcclip.params.protocol import CENTRE, Views
from tcclip.training.batches import load

SHAPE = (2, 8, 8, 3)


@pytest.fixture(autouse=True)
def file(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("shutil.disk_usage", lambda _path: SimpleNamespace(free=SPARE * PLACES * PLACE))
    begin()
    yield
    os.close(keeping._files.pop())


def pictures(level: int) -> NDArray[np.uint8]:
    return np.full(SHAPE, level, dtype=np.uint8)


def never() -> NDArray[np.uint8]:
    raise AssertionError("made again")


def test_a_clip_is_made_once_for_each_key() -> None:
    for _ in range(2):
        assert np.array_equal(kept("one", SHAPE, lambda: pictures(1)), pictures(1))
    assert np.array_equal(kept("one", SHAPE, never), pictures(1))
    assert np.array_equal(kept("two", SHAPE, lambda: pictures(2)), pictures(2))


def test_a_fork_finds_what_another_one_made() -> None:
    process = os.fork()
    if not process:
        kept("of the fork", SHAPE, lambda: pictures(3))
        os._exit(0)
    assert os.waitpid(process, 0)[1] == 0
    assert np.array_equal(kept("of the fork", SHAPE, never), pictures(3))


def test_a_later_clip_takes_the_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "PLACES", 1)
    kept("one", SHAPE, lambda: pictures(1))
    assert np.array_equal(kept("two", SHAPE, lambda: pictures(2)), pictures(2))
    assert np.array_equal(kept("one", SHAPE, lambda: pictures(1)), pictures(1))


@pytest.mark.parametrize("key", ["one", "two"])
def test_half_a_clip_is_none(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its process was killed, or the disk is full: the mark comes last, and the one before it is gone."""
    monkeypatch.setattr(keeping, "PLACES", 1)
    kept("one", SHAPE, lambda: pictures(1))
    write = os.pwrite

    def full(file: int, data: bytes, place: int) -> int:
        return write(file, bytes(data)[: len(bytes(data)) // 2] if len(bytes(data)) > MARK else data, place)

    monkeypatch.setattr(os, "pwrite", full)
    kept("two", SHAPE, lambda: pictures(2))
    monkeypatch.setattr(os, "pwrite", write)
    assert np.array_equal(kept(key, SHAPE, lambda: pictures(9)), pictures(9))


@pytest.mark.parametrize(("more", "first"), [(0, 1), (1, 2)])
def test_a_clip_that_fills_its_place_is_kept_and_one_of_a_byte_more_is_not(more: int, first: int) -> None:
    shape = (PLACE - MARK + more,)
    for level in (1, 2):
        found = kept("large", shape, lambda level=level: np.full(shape, level, dtype=np.uint8))  # type: ignore[misc]
    assert found.max() == first


def test_nothing_is_kept_where_there_is_little_space(monkeypatch: pytest.MonkeyPatch) -> None:
    os.close(keeping._files.pop())
    with monkeypatch.context() as little:
        little.setattr("shutil.disk_usage", lambda _path: SimpleNamespace(free=SPARE * PLACES * PLACE - 1))
        begin()
    assert not keeping._files
    begin()
    assert keeping._files


def test_nothing_is_kept_without_a_beginning() -> None:
    os.close(keeping._files.pop())
    kept("one", SHAPE, lambda: pictures(1))
    assert np.array_equal(kept("one", SHAPE, lambda: pictures(2)), pictures(2))
    begin()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> FrameStore:
    return FrameStore(make_world(tmp_path_factory.mktemp("world")) / "frames")


def both(clips: TrainingClips | ViewClips) -> list[torch.Tensor]:
    """Clips of two videos, or of both views of one; of a training also of two epochs."""
    if isinstance(clips, ViewClips):
        return [clips[item][1] for item in range(2)]
    return [clips[epoch, item][0] for epoch in range(2) for item in range(2)]


def same_as_without(clips: list[TrainingClips] | list[ViewClips]) -> None:
    """Each is what it is where nothing is kept, though all that came before it are; a second time nothing is read."""
    found = [[both(one) for one in clips] for _ in range(2)]
    os.close(keeping._files.pop())
    plain = [both(one) for one in clips]
    begin()
    for turn in found:
        for one, expected in zip(turn, plain, strict=True):
            assert all(map(torch.equal, one, expected))


CENTRED = {"recipe.augmentation": {"kind": "centre", "centre": {"short_side": 224, "resize": "bicubic"}}}


def test_training_clips_of_other_settings_are_others(store: FrameStore) -> None:
    videos = [(str(video), 0) for video in store.index.index[7:9]]
    base = TrainingClips(store, videos, load_method("vifi_clip"), frames=4, size=32, flip=True, seed=1)
    changes = [
        *[{"seed": 2}, {"flip": False}, {"size": 24}, {"frames": 5}, {"videos": videos[::-1]}],
        *[{"method": load_method("vifi_clip", values)} for values in (CENTRED, {"channels": "bgr"}, {"norm": "clip"})],
        {"method": load_method("vifi_clip", {"sampling": {"kind": "dense", "stride": 1}})},
    ]
    same_as_without([base, *(dataclasses.replace(base, **change) for change in changes)])


def test_test_clips_of_other_settings_are_others(store: FrameStore) -> None:
    videos = [str(video) for video in store.index.index[7:9]]
    base = ViewClips(store, videos, CENTRE, 4, 32, load_method("vifi_clip"), seed=1)
    bicubic = {"centre": {"short_side": 224, "resize": "bicubic"}}
    two, crops = Views(temporal=2, spatial=1, mode="paper"), Views(temporal=1, spatial=3, mode="paper")
    changes = [
        *[
            {"views": two},
            {"views": two, "seed": 2},
            {"views": crops},
            {"size": 24},
            {"frames": 5},
            {"videos": videos[::-1]},
        ],
        *[{"method": load_method("vifi_clip", values)} for values in (bicubic, {"channels": "bgr"}, {"norm": "clip"})],
        {"method": load_method("vifi_clip", {"sampling": {"kind": "dense", "stride": 1}})},
    ]
    same_as_without([base, *(dataclasses.replace(base, **change) for change in changes)])


def test_frames_that_were_made_again_are_read_again(store: FrameStore) -> None:
    clips = ViewClips(store, [str(store.index.index[0])] * 2, CENTRE, 4, 32, load_method("vifi_clip"), seed=1)
    key = clips._key
    index = store.folder / "index.parquet"
    os.utime(index, ns=(1, 1))
    assert (later := dataclasses.replace(clips)._key) != key
    other = Path(shutil.copy2(index, store.folder / "other"))
    os.replace(other, index)  # another file of the same time, as a copy that keeps times brings it
    assert dataclasses.replace(clips)._key != later


def test_without_a_temporary_folder_clips_are_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files, keeping._files[:] = keeping._files[:], []
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    begin()
    assert keeping._files == [] and np.array_equal(kept("one", SHAPE, lambda: pictures(1)), pictures(1))
    keeping._files[:] = files


class Asked(Dataset[tuple[torch.Tensor, int, str]]):
    """A clip that is there."""

    def __getitem__(self, _sample: object) -> tuple[torch.Tensor, int, str]:
        return torch.from_numpy(kept("one", SHAPE, never).copy()), 0, "video"


@pytest.mark.skipif(sys.platform != "linux", reason="workers are forks on Linux")
def test_loader_workers_find_what_is_kept_whatever_python_starts_processes_as() -> None:
    kept("one", SHAPE, lambda: pictures(1))
    before = multiprocessing.get_start_method(allow_none=True)
    multiprocessing.set_start_method("spawn", force=True)  # Python 3.14: forkserver
    try:
        (batch,) = load(Asked(), iter([[(0, 0)]]), 1, torch.device("cpu"))  # type: ignore[arg-type]
    finally:
        multiprocessing.set_start_method(before, force=True)
    assert torch.equal(batch.clips, torch.from_numpy(pictures(1))[None])
