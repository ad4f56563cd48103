"""Predictions are what an evaluation computes, from a dataset's frames and from files; a broken file costs itself."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_videos import write_video
from tiny_source import FRAMES, evaluated, source_of, subject_of, tiny, told, written
from tiny_world import CLASSES, make_world
from typer.testing import CliRunner

from tcclip import Model, prediction
from tcclip.cli.app import app
from tcclip.data.clips.sampling.segments import tsn_center
from tcclip.data.clips.views import views_of
from tcclip.data.videos import scanned
from tcclip.data.videos.index import merge_index
from tcclip.data.videos.online import OnlineFrames
from tcclip.data.videos.shards import write_shard
from tcclip.errors import UserError
from tcclip.evaluation import evaluate
from tcclip.models.clip_video import ClipVideo
from tcclip.prediction import long_lists
from tcclip.prediction.result import HEAD

FILES = ("a.mp4", "b.avi", "c.webm")
LENGTHS = (20, 7, 12)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny world with three files beside it, their frames online, and a page that is called like a video."""
    world = make_world(tmp_path_factory.mktemp("world"), broken=("test2",))
    for name, frames in zip(FILES, LENGTHS, strict=True):
        write_video(world / "videos" / name, frames=frames)
    online = world / "online"
    part = online / "shard-0000.parquet"
    write_shard(world / "videos", FILES, "ucf101", 0, FRAMES, part.with_suffix(".tar"), part)
    merge_index([part], online / "index.parquet", online / "broken.csv")
    (world / "splits" / "files.csv").write_text("video,label\na,0\nb,1\nc,2\n")
    shutil.copytree(world / "videos", world / "mixed")
    (world / "mixed" / "aa.mp4").write_bytes(b"<html>")
    return world


@pytest.fixture(scope="module")
def model(world: Path) -> Model:
    return Model(source_of(world, subject_of(world, tiny("tc_clip"))), "cpu")


@pytest.fixture(scope="module")
def of_files(world: Path, model: Model) -> list[prediction.Prediction]:
    """A folder of three videos and a page."""
    return model.predict(world / "mixed")


def test_ids_of_a_dataset_have_the_scores_of_its_evaluation_bit_for_bit(world: Path, model: Model) -> None:
    job = evaluated(world, model._source.subject, max_missing=0.2)
    evaluate(model._source.subject, [job])
    expected = written(job.out)
    assert [video for video in told(model.predict([], dataset="tiny", split="test")) if video[1]] == expected
    assert told(model.predict([video for video, *_ in expected], dataset="tiny")) == expected
    broken, unknown = model.predict(["test2", "test99"], dataset="tiny")
    assert (broken.defect, unknown.defect) == ("no frames", "it is not among the videos of the dataset")
    (alone,) = model.predict("test99", dataset="tiny")
    assert alone.defect == unknown.defect


def test_ids_of_a_dataset_without_frames_are_told_with_the_command_that_makes_them(world: Path) -> None:
    source = source_of(world, subject_of(world, tiny("vifi_clip"), "vifi"), frames=world / "nowhere")
    with pytest.raises(UserError, match="'test1' is no file, and the frames of nowhere are not made: `tcclip raw now"):
        Model(source, "cpu").predict("test1", dataset="tiny")


def test_files_have_the_scores_of_an_evaluation_online_bit_for_bit(
    world: Path, model: Model, of_files: list[prediction.Prediction]
) -> None:
    job = evaluated(world, model._source.subject, split=world / "splits" / "files.csv", frames=world / "online")
    evaluate(model._source.subject, [job])
    found = [(Path(video).stem, *rest) for video, *rest in told(of_files) if rest[0]]
    assert found == written(job.out)


@pytest.mark.parametrize("short", [0, 64])
def test_the_frames_of_a_video_are_read_once_for_all_its_views(
    world: Path, short: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanned, "SHORT", short)
    source, asked = OnlineFrames(world / "online"), []
    read = OnlineFrames.read
    monkeypatch.setattr(OnlineFrames, "read", lambda self, *given: asked.append(list(given[1])) or read(self, *given))
    one = scanned.OneVideo(source)
    for video, wanted in (("a", [3, 3, 0]), ("a", [5, 3, 99]), ("b", [2]), ("a", [3])):
        assert np.array_equal(one.read(video, wanted), read(source, video, wanted))
    assert asked == ([[0, 3], [5, 19], [2], [3]] if short == 0 else [[*range(20)], [*range(7)], [*range(20)]])


def test_a_file_that_is_no_video_is_named_and_the_others_go_on(of_files: list[prediction.Prediction]) -> None:
    assert [Path(video.video).name for video in of_files] == ["a.mp4", "aa.mp4", "b.avi", "c.webm"]
    assert [video.broken for video in of_files] == [False, True, False, False]
    assert "cannot be opened" in of_files[1].defect
    assert sum(of_files[0].probabilities) == pytest.approx(1)


def test_attention_asks_about_the_classes_and_reads_the_frames_that_a_prediction_does(
    world: Path, model: Model
) -> None:
    of_file, of_id = model.attention(world / "mixed" / "a.mp4"), model.attention("test1", dataset="tiny")
    for seen in (of_file, of_id):
        assert sorted(name for name, _ in seen.predictions) == sorted(CLASSES)
        assert seen.patches.sum() + seen.other == pytest.approx(1)
    assert of_file.clip.numbers.tolist() == tsn_center(LENGTHS[0], model.frames).tolist()
    own = model.attention(world / "mixed" / "a.mp4", ["red ball"], of_class="a whale")
    assert sorted(name for name, _ in own.predictions) == ["a whale", "red ball"]
    assert model.context_tokens("test1", dataset="tiny").shares.sum(axis=(1, 2)) == pytest.approx(1)
    with pytest.raises(UserError, match=r"mixed/aa\.mp4: cannot be opened"):
        model.attention(world / "mixed" / "aa.mp4")


def test_of_a_folder_nothing_is_opened_to_say_that_one_video_is_looked_at(
    world: Path, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanned.Scanner, "scanning", lambda *_: pytest.fail("a file is scanned"))
    with pytest.raises(UserError, match=r"videos has 3 videos: name one of them"):
        model.attention(world / "videos")


def test_texts_are_made_once_for_all_videos_that_are_looked_at(
    world: Path, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls, encode = [], ClipVideo.encode_classes
    monkeypatch.setattr(ClipVideo, "encode_classes", lambda *given: calls.append(1) or encode(*given))
    plain = model.attention("test1", ["red ball", "blue square"], dataset="tiny")
    model.context_tokens("test0", dataset="tiny")
    of_class = model.attention("test1", ["red ball", "blue square"], of_class="red ball", dataset="tiny")
    assert len(calls) == 1 and dict(of_class.predictions) == pytest.approx(dict(plain.predictions))


def test_texts_are_made_once_for_many_parts_whose_scores_are_those_of_one(
    world: Path, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = told(model.predict([], dataset="tiny", split="test"))
    monkeypatch.setattr(long_lists, "FIRST", 1)
    monkeypatch.setattr(long_lists, "SECONDS", 0.0)
    calls, encode, seen = [], ClipVideo.encode_classes, []
    monkeypatch.setattr(ClipVideo, "encode_classes", lambda *given: calls.append(1) or encode(*given))
    rows = long_lists.Compute.rows
    monkeypatch.setattr(
        long_lists.Compute, "rows", lambda self, *given: seen.append(len(given[1])) or rows(self, *given)
    )
    heard: list[int] = []
    streamed = model.stream([], dataset="tiny", split="test", told=lambda total: heard.append)
    assert told(list(streamed)) == whole
    assert (len(calls), seen) == (1, [4, 2])
    assert heard[-1] == 7 and heard == sorted(heard)
    assert 0 <= model.clock.waiting <= 1


def test_a_video_that_cannot_be_read_after_its_scan_costs_itself(
    world: Path, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = OnlineFrames.read

    def gone(self: OnlineFrames, video: str, indices: Sequence[int]) -> Any:
        if video == "b":
            raise UserError("b could be decoded when it was scanned and cannot now")
        return read(self, video, indices)

    monkeypatch.setattr(OnlineFrames, "read", gone)
    found = model.predict(world / "videos")
    assert [video.defect for video in found] == ["", "b could be decoded when it was scanned and cannot now", ""]


def test_features_are_means_over_views_of_length_one_vectors(world: Path, model: Model) -> None:
    features = model.features(world / "videos" / "a.mp4", views="1x3")
    assert features.shape == (1, 32) and features.dtype == np.float32
    network = model.network()
    with model.clips(world / "videos" / "a.mp4", views="1x3") as clips:
        assert len(clips) == len(views_of(clips.views)) == 3
        each = [network.pooled(network.encode_video(clips[number][1][None])) for number in range(3)]
        pictures = clips.store.read(clips.videos[0], clips.clip(clips.videos[0], views_of(clips.views)[0])[0])
    with pytest.raises(UserError, match=r"mixed/aa\.mp4: cannot be opened"):
        model.features(world / "mixed")
    unit = [one.detach().numpy() / np.linalg.norm(one.detach().numpy()) for one in each]
    assert np.allclose(features, np.mean(unit, axis=0), atol=1e-5)
    assert pictures.shape[0] == model.frames == 4


def test_the_command_names_a_broken_file_writes_a_table_and_says_how_busy_the_model_was(
    world: Path, model: Model, of_files: list[prediction.Prediction], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(prediction, "load", lambda *_, **__: model)
    monkeypatch.setattr(type(model), "stream", lambda *_, told, **__: told(len(of_files)) and iter(of_files))
    said = CliRunner().invoke(app, ["predict", "run", "mixed", "--csv", str(tmp_path / "new" / "found.csv")])
    assert said.exit_code == 1
    assert "aa.mp4: cannot be opened" in said.stdout and f" %  {of_files[0].classes[0]}\n" in said.stdout
    assert "Error: prediction: 3 videos" in said.stderr and "% of the time waiting for clips" in said.stderr
    assert "1 of 4 are broken, the first is" in said.stderr
    rows = list(csv.DictReader((tmp_path / "new" / "found.csv").open()))
    assert len(rows) == 3 * len(CLASSES) + 1
    assert [float(row["score"]) for row in rows[:3]] == list(of_files[0].scores)
    assert [row["video"] for row in rows if row["defect"]] == [of_files[1].video]


def test_an_earlier_table_stays_until_there_is_a_prediction(
    model: Model, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(prediction, "load", lambda *_, **__: model)
    (tmp_path / "found.csv").write_text(f"{HEAD}\nof last week")
    command = ["predict", "run", "a.mp4", "--classes", "a, a", "--csv", str(tmp_path / "found.csv")]
    assert "class 'a' is named twice" in CliRunner().invoke(app, command).stderr
    assert (tmp_path / "found.csv").read_text() == f"{HEAD}\nof last week"
    assert "--csv must be a file" in CliRunner().invoke(app, [*command[:-1], str(tmp_path)]).stderr


def test_class_names_are_typed_or_listed_and_not_both(world: Path, tmp_path: Path) -> None:
    from tcclip.cli.model_options import names_of

    (tmp_path / "names.txt").write_text("one thing\n\nanother\n")
    assert names_of(" opening a drawer, pouring water,", None) == ("opening a drawer", "pouring water")
    assert names_of(None, tmp_path / "names.txt") == ("one thing", "another")
    assert names_of(None, world / "splits" / "classes" / "all.csv") == CLASSES
    assert names_of(None, None) is None
    with pytest.raises(UserError, match="leave one out"):
        names_of("a", tmp_path / "names.txt")
    (tmp_path / "names.txt").write_bytes("\u00e9cole\n".encode("latin-1"))
    with pytest.raises(UserError, match=r"names\.txt is not UTF-8 text"):
        names_of(None, tmp_path / "names.txt")
