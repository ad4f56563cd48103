"""What extraction and reading of frames cost: `tcclip data bench`.

Seconds are processor seconds of one process, all its threads together, so that "per core" needs no quiet machine.
Loading is what a loader worker does for one training clip; a worker uses one core.
"""

from __future__ import annotations

import multiprocessing
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import psutil

from tcclip.bench.reading_clips import KILOBITS, RATE, write_clips
from tcclip.data.clips.testing import ViewClips
from tcclip.data.clips.training import TrainingClips
from tcclip.data.videos.decoding import decode
from tcclip.data.videos.frame_tar import FrameTar
from tcclip.data.videos.frames import FrameSource, open_frames
from tcclip.data.videos.index import merge_index
from tcclip.data.videos.reader import READERS, read_all
from tcclip.data.videos.shards import write_shard
from tcclip.params import load_method
from tcclip.params.dataset import Frames
from tcclip.params.protocol import Views
from tcclip.process.runtime import keep_memory, one_thread

TIMEOUT_S = 600


@dataclass(frozen=True)
class ReadingSizes:
    """What is measured."""

    videos: int
    seconds: int  # of a video
    clips: int  # per way of loading
    frames: int  # of a clip
    size: int  # pixels of a training clip
    short_side: int
    quality: int


def bench(sizes: ReadingSizes, method: str) -> str:
    """Measure on freshly made videos in a temporary folder and return the figures as text."""
    keep_memory()  # as a training does
    with tempfile.TemporaryDirectory() as name, one_thread():
        folder = Path(name)
        (folder / "videos").mkdir()
        names = write_clips(folder / "videos", sizes.videos, sizes.seconds)
        bits = 8 * sum((folder / "videos" / file).stat().st_size for file in names) / (sizes.videos * sizes.seconds)
        lines = [
            f"{sizes.videos} videos of {sizes.seconds} s at {RATE} frames/s, H.264, {bits / 1000:.0f} kbit/s "
            f"(asked for {KILOBITS}); clips of {sizes.frames} frames at {sizes.size} pixels, recipe of {method}"
        ]
        lines += _extraction(folder, names, sizes)
        stores = {store: _store(folder, names, store, sizes) for store in ("shards", "online")}
        lines += _loading(stores, sizes, method)
        lines += _testing(stores["shards"], sizes, method)
        lines += _single_frames(stores, sizes)
        lines += _memory(stores, sizes, method)
    return "\n".join(lines)


def _extraction(folder: Path, names: list[str], sizes: ReadingSizes) -> list[str]:
    paths = [folder / "videos" / name for name in names]
    frames = _settings("shards", sizes)

    def decode_only(reader: str, i: int) -> None:
        for _ in read_all(paths[i], reader):
            pass

    with open(folder / "extracted", "wb") as file:
        tar = FrameTar(file)

        def extract(i: int) -> object:
            tar.begin(names[i])
            decode(paths[i], frames, tar.add)
            return tar.end()

        works: list[Callable[[int], object]] = [extract, *(partial(decode_only, reader) for reader in READERS)]
        whole, *alone = _seconds(works, len(paths))
        stored = file.tell() / (len(paths) + 1) / (sizes.seconds * RATE)  # the first video is there twice
    return [
        f"extraction: {1 / whole:.2f} videos/s per core; decoding alone {1 / alone[0]:.2f}, which is "
        f"{100 * alone[0] / whole:.0f} % of it; a stored frame has {stored / 1000:.1f} kB",
        "decoding alone: " + ", ".join(f"{name} {1 / s:.2f} videos/s" for name, s in zip(READERS, alone, strict=True)),
    ]


def _store(folder: Path, names: list[str], store: str, sizes: ReadingSizes) -> FrameSource:
    out = folder / store
    files = out / "shard-0000.tar", out / "shard-0000.parquet"
    write_shard(folder / "videos", names, "ucf101", 0, _settings(store, sizes), *files)
    merge_index([files[1]], out / "index.parquet", out / "broken.csv")
    return open_frames(out)


def _loading(stores: dict[str, FrameSource], sizes: ReadingSizes, method: str) -> list[str]:
    works: list[Callable[[int], object]] = []
    for source in stores.values():
        clips = training_clips(source, sizes, method)
        works += [partial(_load, clips), partial(_read, clips)]
    seconds = _seconds(works, sizes.clips)
    lines = []
    for store, whole, read in zip(stores, seconds[::2], seconds[1::2], strict=True):
        what = "JPEG decoding" if store == "shards" else "video decoding"
        lines.append(
            f"loading, {store}: {1 / whole:.2f} clips/s per core; {what} alone {1 / read:.2f}, which is "
            f"{100 * read / whole:.0f} % of it; the rest, augmentation, takes {1000 * (whole - read):.1f} ms"
        )
    return [*lines, f"loading from shards is {seconds[2] / seconds[0]:.2f} times as fast as online"]


def _testing(source: FrameSource, sizes: ReadingSizes, method: str) -> list[str]:
    """Test clips from shards: the centre of the frames, and one of three crops."""
    videos, recipe = list(source.index["video"]), load_method(method)
    views = (Views(temporal=2, spatial=1, mode="paper"), Views(temporal=2, spatial=3, mode="paper"))
    kinds = [ViewClips(source, videos, each, sizes.frames, sizes.size, recipe, seed=1) for each in views]

    def load(clips: ViewClips, number: int) -> object:
        return clips[number % len(clips)]

    centre, crop = _seconds([partial(load, clips) for clips in kinds], sizes.clips)
    return [f"test clips, shards: {1 / centre:.2f} clips/s per core; one of three crops {1 / crop:.2f}"]


def _load(clips: TrainingClips, number: int) -> object:
    return clips[number // len(clips), number % len(clips)]


def _read(clips: TrainingClips, number: int) -> object:
    """The frames that `_load` reads, without what it does to them."""
    return clips.stored((number // len(clips), number % len(clips)))


def _single_frames(stores: dict[str, FrameSource], sizes: ReadingSizes) -> list[str]:
    rng = np.random.default_rng(0)

    def read(source: FrameSource, number: int) -> object:
        video = source.index["video"].iloc[number % len(source.index)]
        return source.read(video, [int(rng.integers(source.frames(video)))])

    seconds = _seconds([partial(read, source) for source in stores.values()], sizes.clips)
    return [f"one random frame, {store}: {1000 * each:.2f} ms" for store, each in zip(stores, seconds, strict=True)]


def _memory(stores: dict[str, FrameSource], sizes: ReadingSizes, method: str) -> list[str]:
    lines = []
    for store, source in stores.items():
        clips = training_clips(source, sizes, method)
        with multiprocessing.get_context("fork").Pool(1) as pool:  # as loader workers are made
            own = pool.apply(_own_memory, (clips, sizes.clips))
        lines.append(f"memory of a loader worker that it does not share with its parent, {store}: {own:.0f} MB at most")
    return lines


def _own_memory(clips: TrainingClips, count: int) -> float:
    """The most MB that belong to this process alone, looked at after each of `count` clips."""
    most = 0
    for number in range(count):
        kept = clips[0, number % len(clips)]
        most = max(most, psutil.Process().memory_full_info().uss)
        del kept
    return most / 10**6


def training_clips(source: FrameSource, sizes: ReadingSizes, method: str) -> TrainingClips:
    """The training dataset over all videos of a source."""
    videos = [(video, 0) for video in source.index["video"]]
    return TrainingClips(source, videos, load_method(method), sizes.frames, sizes.size, True, seed=1)


def _settings(store: str, sizes: ReadingSizes) -> Frames:
    return Frames.model_validate(
        {
            "store": store,
            "short_side": sizes.short_side,
            "jpeg_quality": sizes.quality,
            "shards": 1,
            "decode_timeout_s": TIMEOUT_S,
        }
    )


def _seconds(works: Sequence[Callable[[int], object]], times: int) -> list[float]:
    """Processor seconds of one call of each; they take turns, so that whatever else goes on hits all alike."""
    total = [0.0] * len(works)
    for work in works:
        work(0)  # warm
    for number in range(times):
        for place, work in enumerate(works):
            start = time.process_time()
            work(number)
            total[place] += time.process_time() - start
    return [seconds / times for seconds in total]
