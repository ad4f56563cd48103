"""Split tables and the few-shot sampler."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_lists import dataset, write

from tcclip.data.splits.few_shot import few_shot
from tcclip.data.splits.split_tables import read_classes, read_split
from tcclip.data.splits.write import write_splits
from tcclip.errors import UserError
from tcclip.params.dataset import FewShot

ROWS = [(f"v_{label}_{number}", label) for label in range(5) for number in range(20)]


@given(st.sampled_from([2, 4, 8, 16]), st.integers(0, 2**32))
def test_a_subset_has_exactly_k_different_training_videos_per_class(k: int, seed: int) -> None:
    subset = few_shot(ROWS, k, [seed])
    assert len(subset) == len(set(subset)) == 5 * k and set(subset) <= set(ROWS)
    assert [sum(label == wanted for _, label in subset) for wanted in range(5)] == [k] * 5


@given(st.randoms(use_true_random=False))
def test_a_subset_does_not_depend_on_the_order_of_rows(order: random.Random) -> None:
    rows = list(ROWS)
    order.shuffle(rows)
    assert few_shot(rows, 4, [1]) == few_shot(ROWS, 4, [1])


def test_another_seed_and_another_k_give_other_subsets() -> None:
    assert few_shot(ROWS, 4, [1]) != few_shot(ROWS, 4, [2])
    assert not set(few_shot(ROWS, 4, [1])) <= set(few_shot(ROWS, 8, [1]))


def test_a_class_keeps_its_subset_when_another_class_changes() -> None:
    fewer = [row for row in ROWS if row[1] != 3]
    assert few_shot(fewer, 2, [1]) == [row for row in few_shot(ROWS, 2, [1]) if row[1] != 3]


def test_every_class_has_a_draw_of_its_own() -> None:
    places = {
        label: [video.split("_")[2] for video, own in few_shot(ROWS, 4, [1]) if own == label] for label in range(5)
    }
    assert len(set(map(tuple, places.values()))) == 5


def test_the_subsets_of_a_seed_never_change() -> None:
    assert [video for video, _ in few_shot(ROWS[:20], 4, [1])] == ["v_0_15", "v_0_18", "v_0_7", "v_0_8"]


def test_a_class_with_too_few_videos_is_named() -> None:
    with pytest.raises(UserError, match="dataset d, split train1: class 'wave' has 0 videos, 2 shots need 2"):
        few_shot(ROWS[:20], 2, [1], ["clap", "wave"], "dataset d, split train1")


def ucf(raw: Path) -> Path:
    train = "".join(f"{name}/v_{name}_g01_c{n:02d}.avi 1\n" for name in ("Bowling", "YoYo") for n in range(4))
    test = "Bowling/v_Bowling_g02_c01.avi\nYoYo/v_YoYo_g02_c01.avi\n"
    return write(raw, classInd__txt="1 Bowling\n2 YoYo\n", trainlist01__txt=train, testlist01__txt=test)


def test_classes_official_splits_and_few_shot_subsets_become_tables(tmp_path: Path) -> None:
    data = dataset("ucf101", "train1", "test1").model_copy(update={"few_shot": FewShot(seed=1, shots=[2, 4])})
    write_splits(data, ucf(tmp_path / "raw"), tmp_path / "splits")
    tables = sorted(path.relative_to(tmp_path / "splits").as_posix() for path in tmp_path.glob("splits/**/*.csv"))
    assert tables == ["classes/all.csv", "few_shot_k2.csv", "few_shot_k4.csv", "test1.csv", "train1.csv"]
    assert read_classes(tmp_path / "splits/classes/all.csv") == ("Bowling", "YoYo")
    train = read_split(tmp_path / "splits/train1.csv")
    assert len(train) == 8 and train[4] == ("v_YoYo_g01_c00", 1)
    assert read_split(tmp_path / "splits/few_shot_k4.csv") == sorted(train)
    assert read_split(tmp_path / "splits/test1.csv") == [("v_Bowling_g02_c01", 0), ("v_YoYo_g02_c01", 1)]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_few_shot_subsets_are_drawn_by_the_seed_of_the_datasets_file(seed: int, tmp_path: Path) -> None:
    data = dataset("ucf101", "train1", "test1").model_copy(update={"few_shot": FewShot(seed=seed, shots=[2])})
    write_splits(data, ucf(tmp_path / "raw"), tmp_path / "splits")
    train = read_split(tmp_path / "splits/train1.csv")
    assert read_split(tmp_path / "splits/few_shot_k2.csv") == few_shot(train, 2, [seed])


def test_an_empty_split_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    (ucf(tmp_path / "raw") / "lists" / "testlist01.txt").write_text("\n")
    with pytest.raises(UserError, match="dataset tiny: split test1 is empty"):
        write_splits(dataset("ucf101", "train1", "test1"), tmp_path / "raw", tmp_path / "splits")
    assert not (tmp_path / "splits").exists()


def test_too_few_training_videos_are_an_error_that_names_dataset_split_and_class(tmp_path: Path) -> None:
    data = dataset("ucf101", "train1", "test1").model_copy(update={"few_shot": FewShot(seed=1, shots=[8])})
    with pytest.raises(UserError, match="dataset tiny, split train1: class 'Bowling' has 4 videos, 8 shots need 8"):
        write_splits(data, ucf(tmp_path / "raw"), tmp_path / "splits")


def test_names_with_commas_and_quotes_survive_the_tables(tmp_path: Path) -> None:
    head = "label,youtube_id,time_start,time_end,split\n"
    write(tmp_path, train__csv=head + '"throwing, ""then"" catching",NA_________,0,10,train\n')
    write_splits(dataset("kinetics", "train"), tmp_path, tmp_path / "splits")
    assert read_classes(tmp_path / "splits/classes/all.csv") == ('throwing, "then" catching',)
    assert read_split(tmp_path / "splits/train.csv") == [("NA_________", 0)]


def test_a_table_that_a_spreadsheet_has_saved_again_is_the_same_table(tmp_path: Path) -> None:
    table = tmp_path / "train.csv"
    table.write_text("video,label\na,0\nb,1\n", encoding="utf-8-sig")
    assert read_split(table) == [("a", 0), ("b", 1)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "must have the columns video,label"),
        ("video,class\na,0\n", "must have the columns video,label"),
        ("video,label\na,0\nb\n", "must have 2 values in every row, which 'b' has not"),
        ("video,label\na,0,1\n", "must have 2 values in every row, which 'a,0,1' has not"),
        ("video,label\na,zero\n", "every label must be a whole number"),
    ],
)
def test_a_broken_split_table_is_named(text: str, said: str, tmp_path: Path) -> None:
    table = tmp_path / "train.csv"
    table.write_text(text)
    with pytest.raises(UserError, match=f"train.csv:? {said}.*run the splits stage again"):
        read_split(table)
