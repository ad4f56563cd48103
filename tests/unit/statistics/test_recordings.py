"""Clips of one recording have one weight: which recording a video is of, and how often intervals then hold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml
from changed_params import with_params
from scipy.stats import norm

from tcclip.data.videos.listing import video_id
from tcclip.errors import UserError
from tcclip.params.dataset import load_dataset
from tcclip.params.reader import params_folder
from tcclip.params.statistics import load_statistics
from tcclip.statistics.accuracies import accuracy_replicates
from tcclip.statistics.intervals import Difference, difference_of, interval_of
from tcclip.statistics.predictions import Right
from tcclip.statistics.recordings import recordings

SETTINGS = load_statistics().model_copy(update={"draws": 600})
WORLDS = 600  # simulated test sets
DATASET_OF = {"ucf": "ucf101", "hmdb": "hmdb51"}


def units_of(path: Path) -> tuple[str, ...]:
    """The recordings of a published list's videos."""
    dataset = load_dataset(DATASET_OF[path.parent.name.removesuffix("_splits")])
    lines = path.read_text(encoding="utf-8").splitlines()
    return recordings(dataset, [video_id(line.rsplit(" ", 1)[0], dataset.format) for line in lines])


@pytest.mark.parametrize(
    ("path", "videos", "count"),
    [
        ("ucf_splits/val1.txt", 3783, 707),
        ("ucf_splits/val2.txt", 3734, 707),
        ("ucf_splits/val3.txt", 3696, 707),
        ("base2novel_splits/ucf_splits/base_val.txt", 2088, 357),
        ("base2novel_splits/ucf_splits/novel_val.txt", 1695, 350),
        ("hmdb_splits/val1.txt", 1530, 478),
        ("hmdb_splits/val2.txt", 1530, 478),
        ("hmdb_splits/val3.txt", 1530, 471),
        ("base2novel_splits/hmdb_splits/base_val.txt", 780, 258),
        ("base2novel_splits/hmdb_splits/novel_val.txt", 750, 268),
    ],
)
def test_every_video_of_a_published_test_list_is_of_a_recording(
    published_lists: Path, path: str, videos: int, count: int
) -> None:
    found = units_of(published_lists / "datasets_splits" / path)
    assert (len(found), len(set(found))) == (videos, count)


@pytest.mark.parametrize(
    ("video", "film"),
    [
        (
            "Das_Wunder_von_Bern_(Deutschland_2002_2003)_kick_ball_f_cm_np1_le_med_1",
            "Das_Wunder_von_Bern_(Deutschland_2002_2003)",
        ),
        (
            "CSC_and_the_2007__Sydney_to_the_Gong__bike_ride_ride_bike_f_nm_np1_ri_bad_0",
            "CSC_and_the_2007__Sydney_to_the_Gong__bike_ride",
        ),
        (
            "VERGIL_(DEVIL_MAY_CRY)_swinging_his_sword_sword_exercise_f_cm_np1_fr_med_1",
            "VERGIL_(DEVIL_MAY_CRY)_swinging_his_sword",
        ),
        ("The_Matrix_3_kick_f_nm_np1_le_med_1", "The_Matrix_3"),
        ("prelinger_LetsBeGo1953_wave_u_cm_np10_ba_med_2", "prelinger_LetsBeGo1953"),
        ("21_smoke_h_cm_np1_fr_goo_0", "21"),
    ],
)
def test_the_film_of_a_clip_is_all_that_stands_before_its_class(video: str, film: str) -> None:
    assert recordings(load_dataset("hmdb51"), [video]) == (film,)


def test_groups_of_ucf101_are_numbered_within_their_class() -> None:
    found = recordings(load_dataset("ucf101"), ["v_Archery_g01_c01", "v_Archery_g01_c07", "v_Biking_g01_c01"])
    assert found[0] == found[1] != found[2]


def test_without_the_key_every_video_is_its_own() -> None:
    assert load_dataset("k400").recording is None
    assert recordings(load_dataset("k400"), ["a_1", "a_2"]) == ("a_1", "a_2")


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        (r"(v_.+_c\d+", r"ucf101\.yaml: recording: .*is no regular expression: missing \)"),
        (r"v_.+_g\d+_c\d+", r"ucf101\.yaml: recording: .*must have one group.*and has 0"),
        (r"(v_.+)_g(\d+)_c\d+", r"ucf101\.yaml: recording: .*must have one group.*and has 2"),
    ],
)
def test_a_bad_expression_is_told_when_params_are_read(monkeypatch, tmp_path, expression: str, says: str) -> None:
    with pytest.raises(UserError, match=says):
        with_params(monkeypatch, tmp_path, datasets__ucf101={"recording": expression})


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        (r"(v_.+_g\d+)_clip\d+", r"ucf101\.yaml: recording .*'v_Archery_g01_c01'.*does not match its whole name"),
        (r"(v_.+_g\d+)", r"ucf101\.yaml: recording .*'v_Archery_g01_c01'.*does not match its whole name"),
        (r"(x?)v_.+_g\d+_c\d+", r"ucf101\.yaml: recording .*'v_Archery_g01_c01'.*has nothing in its group"),
    ],
)
def test_a_video_of_no_recording_is_told_with_the_file_and_the_key(expression: str, says: str) -> None:
    dataset = load_dataset("ucf101").model_copy(update={"recording": expression})
    with pytest.raises(UserError, match=says):
        recordings(dataset, ["v_Archery_g01_c01"])


def replicates(right: np.ndarray, units: tuple[str, ...], row: str) -> list[np.ndarray]:
    """Of each world; `right` is bool (worlds, V)."""
    found = {(world, f"{row} {world}"): Right(units, of) for world, of in enumerate(right)}
    return list(accuracy_replicates(SETTINGS, "data", found).values())


class Luck:
    """How hard clips come out in each world: normal, a share of it their recording's."""

    def __init__(self, units: tuple[str, ...], share: float) -> None:
        self.chance = np.random.default_rng([len(units), int(100 * share)])
        self.place, self.share = np.unique(units, return_inverse=True)[1], share

    def draw(self) -> np.ndarray:
        """(worlds, V)."""
        of_recordings = self.chance.standard_normal((WORLDS, self.place.max() + 1))[:, self.place]
        own = self.chance.standard_normal((WORLDS, len(self.place)))
        return np.sqrt(self.share) * of_recordings + np.sqrt(1 - self.share) * own

    def row(self, common: np.ndarray, accuracy: float) -> np.ndarray:
        """What a row has right, most of whose luck is `common` to all."""
        return np.sqrt(0.8) * common + np.sqrt(0.2) * self.draw() < norm.ppf(accuracy)


def held(units: tuple[str, ...], share: float, drawn_as: tuple[str, ...]) -> tuple[float, float, float]:
    """How often the interval of an accuracy and of a difference hold the truth, and how often none is called one."""
    luck = Luck(units, share)
    common = luck.draw()
    one, two, same = (luck.row(common, accuracy) for accuracy in (0.7, 0.8, 0.7))
    first, second, third = (replicates(of, drawn_as, row) for row, of in (("1", one), ("2", two), ("3", same)))
    values = 100 * one.mean(axis=1)
    intervals = [interval_of(float(value), of, SETTINGS) for value, of in zip(values, first, strict=True)]
    differences = [difference_of(b - a, SETTINGS) for a, b in zip(first, second, strict=True)]
    none = [difference_of(b - a, SETTINGS) for a, b in zip(first, third, strict=True)]
    return (
        float(np.mean([of.low <= 70 <= of.high for of in intervals])),
        float(np.mean([of.low <= 10 <= of.high for of in differences])),
        float(np.mean([of.p < 0.05 for of in none])),
    )


FEW = tuple(f"{number // 4}" for number in range(120))  # as mini UCF-101: 30 recordings of four clips
UNEVEN = tuple(str(number) for number, size in enumerate([*[1] * 60, *[4] * 30, *[20] * 4]) for _ in range(size))


@pytest.mark.parametrize("share", [0.0, 0.2, 0.4, 0.8])
@pytest.mark.parametrize("units", [FEW, UNEVEN], ids=["few", "uneven"])
def test_intervals_hold_the_truth_however_alike_the_clips_of_a_recording_are(
    units: tuple[str, ...], share: float
) -> None:
    accuracy, difference, none = held(units, share, drawn_as=units)
    assert 0.92 <= accuracy <= 0.985 and 0.92 <= difference <= 0.985
    assert none <= 0.08


def test_over_videos_intervals_were_too_narrow() -> None:
    accuracy, difference, none = held(FEW, 0.8, drawn_as=tuple(map(str, range(len(FEW)))))
    assert accuracy < 0.8 and difference < 0.85 and none > 0.12


@pytest.mark.parametrize(
    ("size", "gained", "told"), [(4, 2, False), (4, 3, False), (4, 5, True), (7, 2, False), (1, 14, True)]
)
def test_a_difference_needs_five_recordings_to_one_side_however_many_clips_they_have(
    size: int, gained: int, told: bool
) -> None:
    number = np.arange(100 * size)
    units = tuple(map(str, number // size))
    one = number >= 50 * size
    two = one | (number < gained * size)
    drawn = [replicates(of[None], units, row)[0] for row, of in (("1", one), ("2", two))]
    found: Difference = difference_of(drawn[1] - drawn[0], SETTINGS)
    assert (found.p < 0.05) == (found.low > 0) == told


def test_the_key_stands_in_the_files_of_what_has_recordings() -> None:
    folder = params_folder() / "datasets"
    having = {path.stem for path in folder.glob("*.yaml") if "recording" in yaml.safe_load(path.read_text())}
    assert having == {"ucf101", "hmdb51", "mini_ucf101"}
