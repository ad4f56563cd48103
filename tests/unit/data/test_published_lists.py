"""The published lists: their counts, the rules they follow, and the tables they become (methods.md 8.2-8.4)."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
from collections import Counter
from pathlib import Path

import pytest
from real_lists import MADE
from test_lists import dataset, write

from tcclip.data.splits.base_novel import base_novel_lists, halves, relabelled
from tcclip.data.splits.few_shot import few_shot
from tcclip.data.splits.lists import read_labelled, read_names
from tcclip.data.splits.split_tables import read_classes, read_split
from tcclip.data.splits.write import write_splits
from tcclip.data.texts.strict_reader import read_given
from tcclip.errors import UserError
from tcclip.params import load_dataset
from tcclip.params.dataset import BaseNovel
from tcclip.params.reader import params_folder
from tcclip.params.release import short, split_files
from tcclip.params.texts import TextKind
from tcclip.plan import layout
from tcclip.plan.texts import source


def by_hash(lists: Path) -> dict[str, Path]:
    return {hashlib.sha256(path.read_bytes()).hexdigest(): path for path in lists.rglob("*") if path.is_file()}


def placed(name: str, lists: Path, raw: Path) -> Path:
    """The published lists of a dataset where the unpack stage puts them."""
    at_hand = by_hash(lists)
    for file in split_files(name, "published"):
        target = raw / file.into / Path(file.name).name
        source = lists / "datasets_splits/ssv2_splits" / target.name if name == "ssv2" else None
        source = source if target.name in MADE else at_hand.get(str(file.sha256))
        if source is not None:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
    return raw


COUNTS = {  # methods.md 8.2 to 8.4
    "hmdb51": {
        **{f"test{n}": 1530 for n in (1, 2, 3)},
        **{f"few_shot_k{k}": 51 * k for k in (2, 4, 8, 16)},
        **{f"base_train{n}": 416 for n in (1, 2, 3)},
        "base_test": 780,
        "novel_test": 750,
    },
    "ucf101": {
        **{"test1": 3783, "test2": 3734, "test3": 3696},
        **{f"few_shot_k{k}": 101 * k for k in (2, 4, 8, 16)},
        **{f"base_train{n}": 816 for n in (1, 2, 3)},
        "base_test": 2088,
        "novel_test": 1695,
    },
    "ssv2": {
        "train": 168913,
        "test1": 24777,
        **{f"few_shot_k{k}": 174 * k for k in (2, 4, 8, 16)},
        **{f"base_train{n}": 1392 for n in (1, 2, 3)},
        "base_test": 17562,
        "novel_test": 7215,
    },
    "k600": {"test1": 14084, "test2": 13978, "test3": 14136},
}
CLASSES = {
    "hmdb51": {"all": 51, "base": 26, "novel": 25},
    "ucf101": {"all": 101, "base": 51, "novel": 50},
    "ssv2": {"all": 174, "base": 87, "novel": 87},
    "k600": {"test1": 160, "test2": 160, "test3": 160},
}


@pytest.mark.parametrize("name", COUNTS)
def test_the_published_lists_become_split_tables_of_the_published_sizes(
    name: str, published_lists: Path, tmp_path: Path
) -> None:
    data = load_dataset(name)
    write_splits(data, placed(name, published_lists, tmp_path / "raw"), tmp_path / "splits")
    sizes = {path.stem: len(read_split(path)) for path in (tmp_path / "splits").glob("*.csv")}
    assert sizes == COUNTS[name] and set(sizes) == set(data.all_splits)
    classes = {path.stem: len(read_classes(path)) for path in (tmp_path / "splits/classes").glob("*.csv")}
    assert classes == CLASSES[name]
    for split in sizes:
        used = Counter(label for _, label in read_split(tmp_path / f"splits/{split}.csv"))
        assert sorted(used) == list(range(CLASSES[name][data.class_list(split)]))
        if split.startswith(("few_shot", "base_train")):
            assert len(set(used.values())) == 1  # exactly K per class


def test_kinetics_400_has_its_validation_set_and_base_to_novel_lists(published_lists: Path, tmp_path: Path) -> None:
    raw = placed("k400", published_lists, tmp_path / "raw")
    published = raw / "lists" / "published"
    for name in ("train", "fs_base_s1_train", "fs_base_s2_train", "fs_base_s3_train"):  # not among the lists at hand
        (published / f"{name}.txt").write_text("train/0wR5jVB-WPk_000417_000427.mp4 0\n")
    write_splits(load_dataset("k400"), raw, tmp_path / "splits")
    sizes = {path.stem: len(read_split(path)) for path in (tmp_path / "splits").glob("*.csv")}
    assert {split: sizes[split] for split in ("val", "base_test", "novel_test")} == {
        "val": 19877,
        "base_test": 9944,
        "novel_test": 9933,
    }


def test_the_rule_of_base_and_novel_classes_gives_the_published_ones_of_ssv2(published_lists: Path) -> None:
    folder, labels = published_lists / "datasets_splits/base2novel_splits/ssv2_splits", published_lists / "labels"
    names = read_names(labels / "ssv2_labels.csv")
    train = read_labelled(published_lists / "datasets_splits/ssv2_splits/train.txt", "ssv2", len(names))
    test = read_labelled(published_lists / "datasets_splits/ssv2_splits/validation.txt", "ssv2", len(names))
    base, novel = halves(train, len(names))
    assert [names[label] for label in base] == read_names(labels / "ssv2_174_base_labels.csv")
    assert [names[label] for label in novel] == read_names(labels / "ssv2_174_novel_labels.csv")
    assert set(relabelled(test, base)) == set(read_labelled(folder / "base_val.txt", "ssv2", len(base)))
    assert set(relabelled(test, novel)) == set(read_labelled(folder / "novel_val.txt", "ssv2", len(novel)))
    assert set(relabelled(train, base)) >= set(read_labelled(folder / "fs_base_s1_train.txt", "ssv2", len(base)))


def test_equal_counts_make_the_first_half_in_label_order_novel_as_in_hmdb51(published_lists: Path) -> None:
    names = read_names(published_lists / "labels/hmdb_51_labels.csv")
    train = [(f"{name}{n}", label) for label, name in enumerate(names) for n in range(70)]
    base, novel = halves(train, len(names))
    assert [names[label] for label in base] == read_names(published_lists / "labels/hmdb_51_base_labels.csv")
    assert [names[label] for label in novel] == read_names(published_lists / "labels/hmdb_51_novel_labels.csv")


def test_our_own_draws_from_the_lists_of_ssv2_have_the_published_sizes(published_lists: Path) -> None:
    names = read_names(published_lists / "labels/ssv2_labels.csv")
    train = read_labelled(published_lists / "datasets_splits/ssv2_splits/train.txt", "ssv2", len(names))
    test = read_labelled(published_lists / "datasets_splits/ssv2_splits/validation.txt", "ssv2", len(names))
    assert [len(few_shot(train, k, [1], names)) for k in (2, 4, 8, 16)] == [348, 696, 1392, 2784]
    classes, splits = base_novel_lists(train, test, names, BaseNovel(seed=1, shots=16, draws=3), "train")
    assert {split: len(rows) for split, rows in splits.items()} == {
        **dict.fromkeys(("base_train1", "base_train2", "base_train3"), 1392),
        "base_test": 17562,
        "novel_test": 7215,
    }
    assert {name: len(kept) for name, kept in classes.items()} == {"base": 87, "novel": 87}


@pytest.mark.parametrize("name", ["hmdb51", "ucf101", "k600"])
@pytest.mark.parametrize("kind", ["rephrased", "descriptors"])
def test_released_texts_are_of_the_published_classes(
    name: str, kind: TextKind, published_lists: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = load_dataset(name)
    raw = placed(name, published_lists, tmp_path / "raw")
    monkeypatch.setattr(layout, "DATA", tmp_path)
    write_splits(data, raw, layout.splits(name))
    for class_list in data.all_class_lists:
        given = source(data, kind, class_list)
        assert given.fetched
        names = read_classes(layout.classes(name, given.of))
        rephrased = {str(label): f"{plain}: somebody does it" for label, plain in enumerate(names)}
        lists = {str(label): ["a", "b", "c", "d"] for label in range(len(names))}
        for path in given.paths:  # invented; the real ones may not be kept here
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(rephrased if kind == "rephrased" else lists))
    for class_list in data.all_class_lists:
        texts = read_given(data, kind, class_list)
        assert tuple(texts) == read_classes(layout.classes(name, class_list))
        first = next(iter(texts))
        assert texts[first] == ((f"{first}: somebody does it",) if kind == "rephrased" else ("a", "b", "c", "d") * 2)


@pytest.mark.parametrize("name", ["hmdb51", "ucf101", "k600", "k400"])
@pytest.mark.parametrize("kind", ["rephrased", "descriptors"])
def test_the_texts_to_fetch_are_as_many_as_the_classes(name: str, kind: str, published_lists: Path) -> None:
    data = load_dataset(name)
    at_hand = by_hash(published_lists)
    with open(params_folder() / "split_files.csv", newline="") as file:
        rows = [row for row in csv.DictReader(file) if (row["dataset"], row["kind"]) == (name, kind)]
    counts = {f"{kind}/{short(Path(row['path']), kind)}": int(row["rows"]) for row in rows}
    lists = {
        Path(file.name).name: at_hand[file.sha256] for file in split_files(name, "published") if file.sha256 in at_hand
    }
    assert data.published is not None
    for class_list, named in getattr(data.texts, kind).items():
        classes = len(read_names(lists[data.published.classes[class_list]]))
        files = [named] if isinstance(named, str) else [named.spatial, named.temporal]
        assert [counts[f"{kind}/{file}"] for file in files] == [classes] * len(files)


def test_three_draws_of_base_classes_differ_and_share_no_test_video() -> None:
    names = [f"class {n}" for n in range(5)]
    train = [(f"t{label}-{n}", label) for label in range(5) for n in range(20 + label)]
    test = [(f"e{label}-{n}", label) for label in range(5) for n in range(3)]
    classes, splits = base_novel_lists(train, test, names, BaseNovel(seed=1, shots=16, draws=3), "train")
    assert classes == {"base": ["class 2", "class 3", "class 4"], "novel": ["class 0", "class 1"]}
    draws = [set(splits[f"base_train{n}"]) for n in (1, 2, 3)]
    assert all(len(draw) == 48 for draw in draws) and draws[0] != draws[1] != draws[2] != draws[0]
    _, others = base_novel_lists(train, test, names, BaseNovel(seed=2, shots=16, draws=3), "train")
    assert all(set(others[f"base_train{n}"]) not in draws for n in (1, 2, 3))
    assert splits["base_test"][0] == ("e2-0", 0) and splits["novel_test"][-1] == ("e1-2", 1)
    assert len(splits["base_test"]) + len(splits["novel_test"]) == len(test)


def test_a_base_class_with_too_few_videos_names_the_key() -> None:
    train = [("a", 0), ("b", 1), ("c", 1)]
    with pytest.raises(UserError, match=r"train, base classes: class 'run' has 2 videos.*base_novel.shots"):
        base_novel_lists(train, train, ["walk", "run"], BaseNovel(seed=1, shots=16, draws=1), "train")


def test_the_validation_variant_of_k600_takes_every_annotated_video_of_the_draws_classes(tmp_path: Path) -> None:
    rows = [
        ("archery", "AAAAAAAAAAA"),
        ("bowling", "BBBBBBBBBBB"),
        ("curling", "CCCCCCCCCCC"),
        ("archery", "DDDDDDDDDDD"),
    ]
    annotation = "label,youtube_id,time_start,time_end,split\n" + "".join(f"{n},{v},0,10,val\n" for n, v in rows)
    raw = write(tmp_path / "raw", val__txt=annotation)
    (raw / "lists/published").mkdir()
    for draw, names in ((1, ("archery", "bowling")), (2, ("curling", "archery"))):
        text = "id,name\n" + "".join(f"{n},{name}\n" for n, name in enumerate(names))
        (raw / f"lists/published/ZS_split{draw}_K600.csv").write_text(text)
    data = dataset("kinetics", "test1", "test2", class_lists="per_split").model_copy(update={"zero_shot_from": "val"})
    write_splits(data, raw, tmp_path / "splits")
    assert read_split(tmp_path / "splits/test1.csv") == [("AAAAAAAAAAA", 0), ("BBBBBBBBBBB", 1), ("DDDDDDDDDDD", 0)]
    assert read_split(tmp_path / "splits/test2.csv") == [("AAAAAAAAAAA", 1), ("CCCCCCCCCCC", 0), ("DDDDDDDDDDD", 1)]


def test_a_class_of_a_draw_without_an_annotated_video_is_named(tmp_path: Path) -> None:
    raw = write(tmp_path / "raw", val__csv="label,youtube_id\narchery,AAAAAAAAAAA\n")
    (raw / "lists/published").mkdir()
    (raw / "lists/published/ZS_split1_K600.csv").write_text("id,name\n0,archery\n1,bowling\n")
    data = dataset("kinetics", "test1", class_lists="per_split").model_copy(update={"zero_shot_from": "val"})
    with pytest.raises(UserError, match=r"dataset tiny: class 'bowling' of .*ZS_split1_K600\.csv has no video in the"):
        write_splits(data, raw, tmp_path / "splits")


def test_a_published_list_that_is_missing_names_the_commands_that_fetch_it(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"hmdb_51_labels\.csv is missing: run `tcclip download hmdb51`"):
        write_splits(load_dataset("hmdb51"), tmp_path, tmp_path / "splits")


def test_the_table_of_published_lists_has_the_bytes_and_hashes_of_the_lists_at_hand(published_lists: Path) -> None:
    at_hand = by_hash(published_lists)
    known = [file for name in COUNTS for file in split_files(name, "published") if Path(file.name).name not in MADE]
    assert len(known) == 49
    assert all(file.sha256 in at_hand and at_hand[file.sha256].stat().st_size == file.bytes for file in known)
    contents = {file.sha256: at_hand[str(file.sha256)].read_bytes() for file in known}
    blobs = {key: hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest() for key, content in contents.items()}
    assert all(file.git_blob == blobs[file.sha256] for file in known)
