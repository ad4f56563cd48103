"""The mini suite's texts from outside: of its classes and videos, in the originals' formats, the same every time."""

import csv
from collections import Counter
from itertools import chain

import pytest

from tcclip.data.splits.split_tables import read_classes
from tcclip.data.texts.checked_texts import read_texts
from tcclip.mini.classes import HMDB51, K400, K600, MOTIONS, UCF101, looks
from tcclip.mini.datasets import CONTENTS
from tcclip.mini.motions import MOTION, Path
from tcclip.mini.relations import SSV2
from tcclip.mini.stills import stills
from tcclip.mini.texts import class_texts, class_words, drawn_motions, rephrased, spatial, temporal, words_of_video
from tcclip.params import load_dataset
from tcclip.plan import layout
from tcclip.process.files import short_hash, write_text
from tcclip.stages import splits, texts

NAMES = {"k400": sorted(K400), "k600": sorted(K600), "hmdb51": HMDB51, "ucf101": UCF101, "ssv2": [r.name for r in SSV2]}
ALL = sorted(chain.from_iterable(NAMES.values()))


def test_the_texts_say_what_is_known_of_a_class():
    assert rephrased("red ball bounce on grass") == (
        "Red ball bounce on grass: A red ball on grass bounces up and down and moves to a side"
    )
    assert rephrased("bounce ball").startswith("Bounce ball: A red ball on grass")  # where it is usually seen
    assert rephrased("GreenBallOnBricks").startswith("Green Ball On Bricks: A green ball on bricks moves")
    assert spatial("swing cross") == ["yellow cross", "cross", "yellow cross on water", "water"]
    assert temporal("blue star drop on bricks")[0] == "The blue star is up"
    assert class_words("red star spin")[:5] == ["red star spin", "spin", "spinning", "turn", "turning"]


def test_the_texts_of_the_suite_stay_the_same():
    files = {role: [class_texts(kind, "all", names) for kind in texts.KINDS[:3]] for role, names in NAMES.items()}
    assert short_hash(files) == "dfd76d0b71fac2df"
    assert sum(len(text) for kinds in files.values() for of_kind in kinds for text in of_kind.values()) < 60_000


def test_no_two_classes_of_a_dataset_have_one_text_and_each_has_four_different_descriptors():
    for names in NAMES.values():
        assert len({rephrased(name) for name in names}) == len(names)
        assert len({(*spatial(name), *temporal(name)) for name in names}) == len(names)
    assert all(len(set(map(str.casefold, form(name)))) == 4 for name in ALL for form in (spatial, temporal))
    assert all(8 <= len(class_words(name)) <= 18 for name in ALL)


def test_most_words_are_those_of_the_captions_that_the_small_clip_knows():
    known = {word.strip(".").lower() for caption in stills(600, 8, 1)[1] for word in caption.split()}
    said = Counter(
        word.strip(".:").lower()
        for name in ALL
        for text in [rephrased(name), *spatial(name), *temporal(name)]
        for word in text.split()
    )
    assert sum(count for word, count in said.items() if word in known) > 0.6 * said.total()


def test_a_videos_words_are_of_its_motion_and_as_many_as_published(monkeypatch):
    generate = load_dataset("mini_k400").generate
    with_class = [(clip.path, name) for clip, (name, *_) in clips(generate)]
    words = {path: words_of_video(generate, path, name, looks(name).motion) for path, name in with_class}
    mean = sum(map(len, words.values())) / len(words)
    assert 4 < mean < 6 and 0 < sum(not found for found in words.values()) < 0.06 * len(words)
    right = sum(looks(name).motion in words[path] for path, name in with_class)
    assert 0.6 < right / len(words) < 0.9


def clips(generate):
    from tcclip.mini.datasets import _kinetics_clips

    return list(_kinetics_clips("k400", K400, "train", range(generate.train_per_class), generate.seed))


def test_the_motion_of_a_clip_whose_class_names_none_is_the_one_that_is_drawn(monkeypatch):
    generate = load_dataset("mini_ucf101").generate
    drawn, seen = drawn_motions(generate), []
    for motion in MOTIONS:
        monkeypatch.setitem(MOTION, motion, lambda time, rng, motion=motion: _noted(seen, motion, time))
    contents = CONTENTS["ucf101"](generate).clips[::40]
    for clip in contents:
        clip.frames()
    assert seen == [drawn[clip.path] for clip in contents]


def _noted(seen, motion, time):
    seen.append(motion)
    return Path(*(0 * time for _ in range(3)), 0 * time + 1)


@pytest.mark.parametrize("name", ["mini_k400", "mini_k600", "mini_hmdb51", "mini_ssv2"])
def test_the_stage_writes_checked_texts_of_every_class_list(name, tmp_path, monkeypatch):
    monkeypatch.setattr(layout, "DATA", tmp_path)
    dataset = load_dataset(name)
    contents = CONTENTS[dataset.generate.role](dataset.generate)
    for file, text in contents.lists.items():
        write_text(layout.raw(name) / "lists" / file, text)
    with open(layout.manifest(name), "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["path", "bytes", "modified"])
        rows.writerows([f"videos/{clip.path}", 1, 1] for clip in contents.clips)
    splits.splits(name)
    kinds = list(texts.KINDS) if name == "mini_k400" else ["rephrased", "descriptors", "class_words"]
    texts.check(name, kinds)
    paths = texts.outputs(dataset, kinds)
    assert all(path.is_file() for path in paths)
    for class_list in dataset.all_class_lists:
        found = read_texts({kind: layout.texts(name, kind, class_list) for kind in kinds})
        names = read_classes(layout.classes(name, class_list))
        assert all(tuple(found[kind]) == names for kind in kinds if kind != "video_words")
        assert all(len(of_class) == 8 for of_class in found["descriptors"].values())
        assert not any(of_class in words for of_class, words in found["class_words"].items())
    if name == "mini_k400":
        assert len(found["video_words"]) == 24 * dataset.generate.train_per_class
