"""Container x codec x B-frames x rate: every frame is the one asked for, from shards, online and by either reader."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numbered_videos import CASES, FRAMES, Case, shows, write

from tcclip.data.videos.frames import FrameSource, open_frames
from tcclip.data.videos.index import merge_index
from tcclip.data.videos.reader import READERS, read_all
from tcclip.data.videos.shards import write_shard
from tcclip.params.dataset import Frames

PAGE = Path(__file__).parents[3] / "docs" / "videos.md"
NAMES = {"decord": "decord", "pyav": "PyAV"}


@dataclass(frozen=True)
class Matrix:
    """All cases on the disk, and their frames both ways."""

    videos: Path
    shards: FrameSource
    online: FrameSource


@pytest.fixture(scope="module")
def matrix(tmp_path_factory: pytest.TempPathFactory) -> Matrix:
    folder = tmp_path_factory.mktemp("matrix")
    videos = folder / "videos"
    for case in CASES:
        write(videos / case.name, case)
    return Matrix(videos, *(_extract(videos, folder / store, store) for store in ("shards", "online")))


def _extract(videos: Path, out: Path, store: str) -> FrameSource:
    settings = {"store": store, "short_side": 96, "jpeg_quality": 90, "shards": 1, "decode_timeout_s": 60}
    index = out / "shard-0000.parquet"
    names = [case.name for case in CASES]
    write_shard(videos, names, "ucf101", 0, Frames.model_validate(settings), out / "shard-0000.tar", index)
    merge_index([index], out / "index.parquet", out / "broken.csv")
    return open_frames(out)


def _row(source: FrameSource, case: Case) -> dict[str, object]:
    rows = source.index[source.index["path"] == case.name]
    assert len(rows) == 1, case.name
    return dict(rows.iloc[0])


@pytest.mark.parametrize("store", ["shards", "online"])
def test_every_video_has_all_its_frames_its_codec_and_no_defect(matrix: Matrix, store: str) -> None:
    rows = {case.name: _row(getattr(matrix, store), case) for case in CASES}
    told = {name: (row["frames"], row["codec"], row["defect"]) for name, row in rows.items()}
    assert told == {case.name: (FRAMES, case.codec, "") for case in CASES}


@pytest.mark.parametrize("store", ["shards", "online"])
def test_every_frame_of_every_video_is_the_one_that_was_asked_for(matrix: Matrix, store: str) -> None:
    source: FrameSource = getattr(matrix, store)
    rng = np.random.default_rng(1)
    wrong = {}
    for case in CASES:
        if case.size[0] > 96:
            continue
        video = str(_row(source, case)["video"])
        first_and_last = [np.array([FRAMES - 1, 0]), np.array([0, FRAMES - 1])]
        drawn = [rng.permutation(FRAMES)[:6], *(np.sort(rng.integers(FRAMES, size=5)) for _ in range(3))]
        orders = [np.arange(FRAMES), *first_and_last, *drawn]
        for asked in orders:
            clip = source.read(video, asked)
            bad = [int(n) for n, frame in zip(asked, clip, strict=True) if not shows(frame, int(n), size=case.size)]
            if bad:
                wrong[case.name] = bad
    assert wrong == {}


@pytest.mark.parametrize("reader", READERS)
def test_either_reader_gives_the_frames_in_order(matrix: Matrix, reader: str) -> None:
    wrong = {}
    for case in CASES:
        frames = list(read_all(matrix.videos / case.name, reader))
        bad = [n for n, frame in enumerate(frames) if not shows(frame, n, size=case.size)]
        if bad or len(frames) != FRAMES:
            wrong[case.name] = (len(frames), bad)
    assert wrong == {}


def test_the_page_about_videos_says_which_reader_serves_which_container_and_codec(matrix: Matrix) -> None:
    assert _table(matrix) == [
        line for line in PAGE.read_text().splitlines() if line.startswith("| ") and "| `." in line
    ]


def _table(matrix: Matrix) -> list[str]:
    """The rows of the page's table: codec, containers, reader of whole videos, reader of clips online."""
    readers: dict[tuple[str, str], dict[bool, str]] = {}
    for case in CASES:
        name = NAMES[str(_row(matrix.online, case)["reader"])]
        assert readers.setdefault((case.codec, case.suffix), {}).setdefault(case.b_frames, name) == name
    rows: dict[tuple[str, str], list[str]] = {}
    for (codec, suffix), found in readers.items():
        both = len(set(found.values())) == 1
        online = found[False] if both else f"{found[False]}; with B-frames {found[True]}"
        rows.setdefault((codec, online), []).append(f"`{suffix}`")
    return [f"| {codec} | {' '.join(suffixes)} | PyAV | {online} |" for (codec, online), suffixes in rows.items()]
