"""The mini suite as files: official names, lists, containers and codecs."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import av
import numpy as np
import pytest

from tcclip.data.splits.lists import read_lists
from tcclip.errors import UserError
from tcclip.mini.classes import HMDB51, K400, K600, UCF101
from tcclip.mini.datasets import CONTENTS
from tcclip.mini.encode import AVI, MP4, WEBM, Coding, encode
from tcclip.mini.relations import SSV2
from tcclip.mini.writer import generate
from tcclip.params import load_dataset
from tcclip.params.dataset import Generate, Generated
from tcclip.process.lock import alone
from tcclip.stages import raw as stage

SMALL = Generate(role="hmdb51", seed=3, train_per_class=2, test_per_class=1)


def small(role: str, numbers: Generate = SMALL) -> Generated:
    return load_dataset(f"mini_{role}").model_copy(update={"generate": numbers})


@pytest.fixture(scope="module", params=list(CONTENTS))
def written(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    role: str = request.param
    out = tmp_path_factory.mktemp(role)
    (out / "videos").mkdir()
    (out / "videos" / "left_by_an_interrupted_run.avi").write_bytes(b"half")
    generate(small(role), role, out)
    return role, out


def test_a_rerun_leaves_exactly_the_listed_files(written: tuple[str, Path]) -> None:
    role, out = written
    contents = CONTENTS[role](SMALL)
    videos = {path.relative_to(out / "videos").as_posix() for path in (out / "videos").rglob("*") if path.is_file()}
    assert videos == {clip.path for clip in contents.clips}
    assert {path.name for path in (out / "lists").iterdir()} == set(contents.lists)


def test_what_the_stage_writes_again_as_it_was_keeps_its_times(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def times(seed: int) -> dict[str, int]:
        dataset = small("hmdb51", SMALL.model_copy(update={"seed": seed}))
        monkeypatch.setattr(stage, "load_dataset", lambda name: dataset)
        stage.raw("mini_hmdb51")
        return {path.name: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}

    monkeypatch.chdir(tmp_path)
    first = times(seed=3)
    assert "manifest.csv" in first and times(seed=3) == first
    other = times(seed=4)
    videos = [name for name in first if name.endswith(".avi")]
    assert videos and not [name for name in videos if other.get(name) == first[name]]


def test_of_two_clones_with_one_data_folder_one_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(stage, "load_dataset", lambda name: small("hmdb51"))
    first = Path("data/raw/mini_hmdb51/videos/first.avi")
    first.parent.mkdir(parents=True)
    first.touch()
    with alone(first.parents[1] / ".lock", "busy"), pytest.raises(SystemExit):
        stage.raw("mini_hmdb51", log=Path("log"))
    assert "makes the raw files of mini_hmdb51: wait for it" in Path("log").read_text()
    assert first.exists()  # the other one's files are not removed under it


def test_videos_have_the_container_and_codec_of_the_original(written: tuple[str, Path]) -> None:
    role, out = written
    wanted = {"hmdb51": ("avi", "mpeg4"), "ucf101": ("avi", "mpeg4"), "ssv2": ("matroska,webm", "vp9")}
    path = next(path for path in sorted((out / "videos").rglob("*")) if path.is_file())
    with av.open(str(path)) as video:
        container, codec = wanted.get(role, ("mov,mp4,m4a,3gp,3g2,mj2", "h264"))
        assert video.format.name == container
        assert video.streams.video[0].codec_context.codec.canonical_name == codec
        assert video.streams.video[0].codec_context.pix_fmt == "yuv420p"


def test_every_listed_video_is_there_and_every_class_has_its_number(written: tuple[str, Path]) -> None:
    role, out = written
    dataset = small(role)
    classes, splits = read_lists(dataset, out)
    stems = {path.stem[:11] if role in ("k400", "k600") else path.stem for path in (out / "videos").rglob("*.*")}
    for split, rows in splits.items():
        assert {video for video, _ in rows} <= stems
        expected = 2 if split.startswith("train") else 1
        counts = np.bincount([label for _, label in rows], minlength=len(classes[dataset.class_list(split)]))
        assert (counts == expected).all(), split


@pytest.mark.parametrize("coding", [MP4, AVI, WEBM])
def test_decoded_frames_are_those_that_were_encoded(coding: Coding, tmp_path: Path) -> None:
    ramp = np.linspace(30, 220, 9).astype(np.uint8)
    frames = np.broadcast_to(ramp[:, None, None, None], (9, 64, 80, 3))
    encode(tmp_path / f"clip{coding.suffix}", frames, 12, coding)
    with av.open(str(tmp_path / f"clip{coding.suffix}")) as video:
        assert float(video.streams.video[0].average_rate) == 12
        seen = [frame.to_ndarray(format="rgb24").mean() for frame in video.decode(video=0)]
    assert np.allclose(seen, ramp, atol=8)


def read_csv(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(text.splitlines()))


def test_kinetics_names_and_annotations_agree() -> None:
    contents = CONTENTS["k400"](SMALL)
    rows = read_csv(contents.lists["train.csv"]) + read_csv(contents.lists["val.csv"])
    assert list(rows[0]) == ["label", "youtube_id", "time_start", "time_end", "split"]
    named = {f"{r['split']}/{r['youtube_id']}_{int(r['time_start']):06d}_{int(r['time_end']):06d}.mp4" for r in rows}
    assert named == {clip.path for clip in contents.clips}
    assert {len(row["youtube_id"]) for row in rows} == {11}
    assert {row["label"] for row in rows} == set(K400)


def test_k600_draws_number_their_own_classes() -> None:
    files = CONTENTS["k600"](SMALL).lists
    for draw in (1, 2, 3):
        names = [row["name"] for row in read_csv(files[f"ZS_split{draw}_K600.csv"])]
        lines = files[f"ZS_split{draw}_K600_eval.txt"].split("\n")
        assert names == sorted(names) and len(names) == 12 and set(names) <= set(K600)
        assert all(line.startswith("test/") and 0 <= int(line.rsplit(" ", 1)[1]) < 12 for line in lines)


def test_hmdb_names_hold_special_characters_and_the_three_splits_differ() -> None:
    contents = CONTENTS["hmdb51"](Generate(role="hmdb51", seed=1, train_per_class=20, test_per_class=8))
    names = [clip.path for clip in contents.clips]
    assert len(set(names)) == len(names) == 30 * len(HMDB51)
    assert all(any(character in name for name in names) for character in "()#&;@+~![]")
    assert all("/" not in name and " " not in name for name in names)
    tests = [contents.lists[f"bounce_ball_test_split{n}.txt"] for n in (1, 2, 3)]
    assert len(set(tests)) == 3
    assert all(
        sorted(line.split()[-1] for line in text.splitlines()) == ["0"] * 2 + ["1"] * 20 + ["2"] * 8 for text in tests
    )


def test_ucf_test_sets_are_disjoint_and_no_group_is_on_both_sides() -> None:
    files = CONTENTS["ucf101"](Generate(role="hmdb51", seed=1, train_per_class=20, test_per_class=8)).lists
    tests = [set(files[f"testlist0{n}.txt"].split()) for n in (1, 2, 3)]
    assert not tests[0] & tests[1] and not tests[0] & tests[2] and not tests[1] & tests[2]
    for n, test in enumerate(tests, 1):
        train = {line.rsplit(" ", 1)[0] for line in files[f"trainlist0{n}.txt"].splitlines()}
        assert not {path.rsplit("_c", 1)[0] for path in train} & {path.rsplit("_c", 1)[0] for path in test}
        assert len(train) == 20 * len(UCF101) and len(test) == 8 * len(UCF101)


def test_ssv2_entries_fill_their_templates() -> None:
    files = CONTENTS["ssv2"](SMALL).lists
    labels = json.loads(files["labels.json"])
    assert sorted(labels, key=lambda name: int(labels[name])) == sorted(relation.name for relation in SSV2)
    for entry in json.loads(files["train.json"]) + json.loads(files["validation.json"]):
        assert entry["template"].replace("[", "").replace("]", "") in labels
        assert len(entry["placeholders"]) == entry["template"].lower().count("[something]")
        assert all(thing in entry["label"] for thing in entry["placeholders"]) and "[" not in entry["label"]


@pytest.mark.parametrize("role", ["hmdb51", "ucf101", "ssv2"])
def test_every_class_has_training_videos_for_the_most_shots(role: str) -> None:
    dataset = load_dataset(f"mini_{role}")
    assert dataset.generate is not None and dataset.few_shot is not None
    assert dataset.generate.train_per_class >= max(dataset.few_shot.shots) == 16


def test_numbers_that_do_not_fit_are_refused_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"mini_ucf101\.yaml: generate: train_per_class must be at least twice"):
        generate(
            small("ucf101", Generate(role="hmdb51", seed=1, train_per_class=3, test_per_class=2)), "ucf101", tmp_path
        )
    with pytest.raises(UserError, match="unknown role 'k40': did you mean 'k400'"):
        generate(small("k400"), "k40", tmp_path)
