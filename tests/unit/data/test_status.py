"""`tcclip data status` from nothing to everything, and the limit for missing videos."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from small_videos import write_video
from test_shards import FRAMES, names
from typer.testing import CliRunner

from tcclip.cli.app import app
from tcclip.data.raw import write_manifest
from tcclip.data.splits.split_tables import present, read_split
from tcclip.data.status import status_of
from tcclip.data.videos.frames import open_frames
from tcclip.data.videos.index import merge_index
from tcclip.data.videos.shards import write_shard
from tcclip.errors import UserError
from tcclip.params import load_dataset
from tcclip.params.dataset import Dataset
from tcclip.plan import layout

IDS = ["-ab_cdefgh0", "abcdefghijk", "01234567890"]  # 11 characters, as YouTube's


@pytest.fixture()
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    yield tmp_path


def kinetics() -> Dataset:
    return load_dataset("mini_k400").model_copy(update={"frames": FRAMES, "base_novel": None})


def told(*arguments: str) -> str:
    done = CliRunner().invoke(app, ["data", "status", *arguments])
    assert done.exit_code == 0, done.output
    return done.output


def make_raw(dataset: Dataset) -> None:
    """Two of three listed videos, one of them broken; the names carry time stamps."""
    raw = layout.raw(dataset.name)
    write_video(raw / "videos" / "train" / f"{IDS[0]}_000001_000011.mp4", frames=3)
    (raw / "videos" / "train" / f"{IDS[1]}_000002_000012.mp4").write_bytes(b"<html>")
    (raw / "lists").mkdir()
    (raw / "lists" / "train.csv").write_text("label,youtube_id\n")
    write_manifest(dataset.name, raw, layout.manifest(dataset.name))


def make_split(dataset: Dataset) -> None:
    layout.splits(dataset.name).mkdir(parents=True)
    layout.split(dataset.name, "train").write_text("video,label\n" + "".join(f"{video},0\n" for video in IDS))


def scan(dataset: Dataset) -> None:
    videos = layout.raw(dataset.name) / "videos"
    files = [layout.shard(dataset.name, number) for number in range(2)]
    for number, pair in enumerate(files):
        write_shard(videos, names(videos), dataset.format, number, FRAMES, *pair)
    merge_index([part for _, part in files], layout.frames_index(dataset.name), layout.broken(dataset.name))


def test_where_nothing_is_there_it_says_so_and_names_the_command(here: Path) -> None:
    text = told("--suite", "paper")
    assert (
        "nothing is there: no videos below data/raw/hmdb51/videos: `tcclip download hmdb51`, `tcclip unpack hmdb51`"
        in text
    )
    assert "0 of 5 datasets of suite paper are complete" in text
    assert "`snakemake frames --config suite=paper`" in text


def test_before_the_scan_a_split_is_compared_with_the_files_by_youtube_id(here: Path) -> None:
    dataset = kinetics()
    make_raw(dataset)
    make_split(dataset)
    found = status_of(dataset)
    assert (found.videos, found.scanned) == (2, False)
    assert [(split.name, split.found, split.listed, split.missing) for split in found.splits] == [
        ("train", 2, 3, [IDS[2]])
    ]
    assert set(found.to_do) == {"splits", "frames"}
    assert "1 of 2 tables: `tcclip splits mini_k400`" in found.to_do["splits"]


def test_after_the_scan_broken_videos_are_not_found_and_the_limit_is_named(here: Path) -> None:
    dataset = load_dataset("mini_k400")
    make_raw(dataset)
    make_split(dataset)
    scan(dataset)
    found = status_of(dataset)
    assert (found.broken, found.shorter, found.splits[0].found) == (1, 0, 1)
    assert found.disk["raw"] > 1000 and found.disk["frames"] > 1000 and found.disk["downloads"] == 0
    text = told()
    assert "train          1 of 3, 1 missing, 1 broken: a run stops (max_missing: 0.02)" in text
    assert f"      {IDS[2]}, {IDS[1]} (broken)\n" in text
    assert "repair    put whole files there, and `tcclip raw mini_k400 && snakemake data/frames/mini_k400/index" in text
    assert f"      {IDS[2]}\n      {IDS[1]} (broken)\n" in told("--missing")


def test_more_missing_videos_than_allowed_stop_a_run_with_one_sentence(here: Path) -> None:
    dataset = kinetics()
    make_raw(dataset)
    make_split(dataset)
    scan(dataset)
    path, store = layout.split(dataset.name, "train"), open_frames(layout.frames(dataset.name))
    listed = read_split(path)
    with pytest.raises(UserError) as error:
        present(listed, store, 1, path, max_missing=0.6)
    for part in (
        "data/splits/mini_k400/train.csv: 1 of 3 listed videos have frames, 1 are missing and 1 broken",
        "data/frames/mini_k400/broken.csv",
        "raise max_missing in params/datasets/mini_k400.yaml",
    ):
        assert part in str(error.value)
    allowed = present([*listed, ("nowhere", 0)], store, 1, path, max_missing=3 / 4)
    assert (allowed.videos, allowed.listed, allowed.missing, allowed.broken) == ([(IDS[0], 0)], 4, 2, 1)
    with pytest.raises(UserError, match=r"train\.csv: the label of video nowhere is not one of the 1 classes"):
        present([*listed, ("nowhere", 1)], store, 1, path, max_missing=1)


def test_a_video_shorter_than_announced_counts_as_found(here: Path) -> None:
    dataset = kinetics()
    videos = layout.raw(dataset.name) / "videos"
    whole = write_video(videos / f"{IDS[0]}.avi", frames=40, height=192, width=256)
    whole.write_bytes(whole.read_bytes()[: whole.stat().st_size * 3 // 4])
    write_video(videos / f"{IDS[1]}.mp4", frames=2)
    scan(dataset)
    store = open_frames(layout.frames(dataset.name))
    found = present([(IDS[0], 0)], store, 1, Path("t.csv"), max_missing=0)
    assert (found.broken, found.missing) == (0, 0)
    assert status_of(dataset).shorter == 1


def test_three_hundred_thousand_videos_take_seconds(here: Path) -> None:
    dataset = load_dataset("k400")
    ids = [f"{number:011d}" for number in range(300_000)]
    layout.raw("k400").mkdir(parents=True)
    manifest = pd.DataFrame({"path": [f"videos/train/{video}_000001_000011.mp4" for video in ids], "bytes": 1_000_000})
    manifest.to_csv(layout.manifest("k400"), index=False)
    layout.splits("k400").mkdir(parents=True)
    for split in ("train", "val"):
        pd.DataFrame({"video": ids, "label": 0}).to_csv(layout.split("k400", split), index=False)
    layout.frames("k400").mkdir(parents=True)
    frames = np.where(np.arange(300_000) % 1000, 300, 0)
    index = pd.DataFrame({"video": ids, "frames": frames, "defect": np.where(frames, "", "moov atom not found")})
    index.to_parquet(layout.frames_index("k400"), index=False)
    start = time.process_time()
    found = status_of(dataset)
    assert time.process_time() - start < 5
    assert (found.videos, found.broken, found.splits[0].found) == (300_000, 300, 299_700)
    assert found.disk["raw"] == 300_000 * 10**6


def test_asking_for_the_status_makes_no_file(here: Path) -> None:
    told()
    assert list(here.iterdir()) == []
