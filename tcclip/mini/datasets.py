"""The five stand-ins, clip by clip: file names, members of the official splits, and the pixels of each clip."""

from __future__ import annotations

import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tcclip.mini import lists
from tcclip.mini.cameras import ROLES
from tcclip.mini.classes import HMDB51, K400, K600, K600_DRAWS, UCF101
from tcclip.mini.relations import SSV2, Relation, called, cast, relation_clip
from tcclip.mini.scenes import Pixels, Rng, Scene, named_clip, stream
from tcclip.params.dataset import Generate

SPLITS = 3  # official splits of HMDB-51 and UCF-101, draws of K-600
GROUP = 4  # clips of a UCF-101 group, filmed in one place


@dataclass(frozen=True)
class StandInClip:
    """One video to write: its path under videos/ and how it is drawn."""

    path: str
    scene: Callable[[], Scene]

    def frames(self) -> Pixels:
        """Its frames, uint8 (T, H, W, 3)."""
        return self.scene().frames()


@dataclass(frozen=True)
class Contents:
    """A dataset before it is written: its clips and the text of its list files."""

    clips: list[StandInClip]
    lists: lists.Files


def _named(role: str, name: str, seed: int, index: int, place: int) -> Callable[[], Scene]:
    """Clip `index` of a class; clips with the same `place` share a setting."""
    return lambda: named_clip(
        name, ROLES[role].camera, stream(seed, role, name, "place", place), stream(seed, role, name, index)
    )


def _youtube_id(rng: Rng) -> str:
    letters = string.ascii_letters + string.digits + "-_"
    return "".join(letters[int(i)] for i in rng.integers(len(letters), size=11))


def _kinetics_clips(
    role: str, names: tuple[str, ...], folder: str, indices: range, seed: int
) -> Iterator[tuple[StandInClip, tuple[str, str, int, int]]]:
    """Clips under videos/<folder>/ with their annotation rows."""
    for name in names:
        for index in indices:
            rng = stream(seed, role, name, index, "name")
            video, start = _youtube_id(rng), int(rng.integers(0, 300))
            path = f"{folder}/{video}_{start:06d}_{start + 10:06d}.mp4"
            yield StandInClip(path, _named(role, name, seed, index, index)), (name, video, start, start + 10)


def k400(numbers: Generate) -> Contents:
    """train/ and val/ with `train.csv` and `val.csv`."""
    pool, tests = numbers.train_per_class, numbers.test_per_class
    train = list(_kinetics_clips("k400", K400, "train", range(pool), numbers.seed))
    val = list(_kinetics_clips("k400", K400, "val", range(pool, pool + tests), numbers.seed))
    return Contents(
        [clip for clip, _ in train + val],
        lists.kinetics_annotation("train", [row for _, row in train])
        | lists.kinetics_annotation("val", [row for _, row in val])
        | lists.class_names("kinetics_400_labels.csv", sorted(K400)),
    )


def k600(numbers: Generate) -> Contents:
    """test/ with `test.csv` and the lists of three draws of classes; train_per_class is unused."""
    test = list(_kinetics_clips("k600", K600, "test", range(numbers.test_per_class), numbers.seed))
    files = lists.kinetics_annotation("test", [row for _, row in test])
    files |= lists.class_names("kinetics_600_labels.csv", sorted(K600))
    for number, members in enumerate(K600_DRAWS, 1):
        names = sorted(K600[i] for i in members)
        files |= lists.k600_draw(number, names, [(clip.path, row[0]) for clip, row in test if row[0] in names])
    return Contents([clip for clip, _ in test], files)


# Titles of the films that HMDB-51 clips come from, with the characters that occur in the original names.
TITLES = (
    "April_09",
    "Take_(2)_of_3",
    "Best_of_#1",
    "Cat&Dog_show",
    "Goal!_1-2;_1-3",
    "You@home",
    "Part+1",
    "Rob~1",
    "[HD]_Parade",
    "Winter___again",
)


def hmdb51(numbers: Generate) -> Contents:
    """Flat names and, per class and split, a tag for every clip; per class two clips more than a split uses."""
    pool, tests = numbers.train_per_class, numbers.test_per_class
    clips: list[StandInClip] = []
    files: lists.Files = {}
    for name in HMDB51:
        stem = name.replace(" ", "_")
        rng = stream(numbers.seed, "hmdb51", name, "names")
        paths = []
        for index in range(pool + tests + 2):
            view, quality = rng.choice(["fr", "ba", "le", "ri"]), rng.choice(["goo", "med", "bad"])
            title = TITLES[int(rng.integers(len(TITLES)))]
            paths.append(f"{title}_{stem}_f_cm_np1_{view}_{quality}_{index}.avi")
            clips.append(StandInClip(paths[-1], _named("hmdb51", name, numbers.seed, index, index)))
        for split in range(1, SPLITS + 1):
            tags = stream(numbers.seed, "hmdb51", name, "tags", split).permutation([1] * pool + [2] * tests + [0, 0])
            files |= lists.hmdb_split(name, split, [(path, int(tag)) for path, tag in zip(paths, tags, strict=True)])
    return Contents(clips, files)


def _groups(numbers: Generate) -> list[tuple[int, int, int]]:
    """The clips of a UCF-101 class as (test split or 0, group, clip), groups and clips counted from 1.

    Raises ValueError when three disjoint test sets do not fit into one split's clips.
    """
    total, tests = numbers.train_per_class + numbers.test_per_class, numbers.test_per_class
    if SPLITS * tests > total:
        raise ValueError("train_per_class must be at least twice test_per_class: the three test sets are disjoint")
    members, group = [], 0
    for split, size in ((1, tests), (2, tests), (3, tests), (0, total - SPLITS * tests)):
        for start in range(0, size, GROUP):
            group += 1
            members += [(split, group, clip) for clip in range(1, min(GROUP, size - start) + 1)]
    return members


def ucf101(numbers: Generate) -> Contents:
    """Class folders of groups of clips; no group is in two test sets, and a split trains on all it does not test on."""
    clips: list[StandInClip] = []
    test_split: dict[str, int] = {}
    for name in UCF101:
        for index, (split, group, clip) in enumerate(_groups(numbers)):
            path = f"{name}/v_{name}_g{group:02d}_c{clip:02d}.avi"
            test_split[path] = split
            clips.append(StandInClip(path, _named("ucf101", name, numbers.seed, index, group)))
    splits = [
        ([path for path, at in test_split.items() if at != n], [path for path, at in test_split.items() if at == n])
        for n in range(1, SPLITS + 1)
    ]
    return Contents(clips, lists.ucf_splits(UCF101, splits))


def _related(relation: Relation, seed: int, index: int) -> Callable[[], Scene]:
    """Clip `index` of an SSv2 class."""
    key = ("ssv2", relation.template, index)
    return lambda: relation_clip(relation, ROLES["ssv2"].camera, stream(seed, *key, "place"), stream(seed, *key))


def ssv2(numbers: Generate) -> Contents:
    """Numeric names and JSON lists whose entries name the objects."""
    pool, total = numbers.train_per_class, numbers.train_per_class + numbers.test_per_class
    ids = stream(numbers.seed, "ssv2", "ids").choice(220847, size=total * len(SSV2), replace=False) + 1
    camera = ROLES["ssv2"].camera
    clips, entries = [], []
    for c, relation in enumerate(SSV2):
        for index in range(total):
            video = str(ids[c * total + index])
            clips.append(StandInClip(f"{video}.webm", _related(relation, numbers.seed, index)))
            things = called(cast(relation, camera, stream(numbers.seed, "ssv2", relation.template, index))[1])
            entries.append((index < pool, lists.ssv2_entry(video, relation.template, things)))
    return Contents(
        clips,
        lists.ssv2_lists(
            [relation.template for relation in SSV2],
            [entry for trains, entry in entries if trains],
            [entry for trains, entry in entries if not trains],
        ),
    )


CONTENTS: dict[str, Callable[[Generate], Contents]] = {
    "k400": k400,
    "k600": k600,
    "hmdb51": hmdb51,
    "ucf101": ucf101,
    "ssv2": ssv2,
}
