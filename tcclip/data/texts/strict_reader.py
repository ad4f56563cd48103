"""The strict reader of texts from outside: of a class list or of videos, from the files that a dataset's file names."""

from __future__ import annotations

from tcclip.data.splits.split_tables import read_classes, read_split
from tcclip.data.texts import descriptors, rephrased, words
from tcclip.data.texts.faults import Fault, Wanted, refuse
from tcclip.data.videos.listing import listed_bytes, video_id
from tcclip.errors import UserError
from tcclip.params.dataset import Dataset
from tcclip.params.texts import OF_VIDEOS, TextKind
from tcclip.plan import layout
from tcclip.plan.texts import source

Texts = dict[str, tuple[str, ...]]
TRAINED = ("train", "few_shot", "base_train")  # how the names of splits begin that are trained on


def read_given(dataset: Dataset, kind: TextKind, class_list: str = "all") -> Texts:
    """The texts of all classes of a list, or of all videos that are trained on; UserError at the first mistake."""
    texts, faults = looked_at(dataset, kind, class_list)
    refuse(faults)
    if kind == OF_VIDEOS:
        return texts
    path = layout.classes(dataset.name, class_list)
    names = read_classes(path)
    if missing := [name for name in names if name not in texts]:
        raise UserError(
            f"{path}: class '{missing[0]}' is not in the class list whose {kind} are there: name a file for it"
        )
    return {name: texts[name] for name in names}


def looked_at(dataset: Dataset, kind: TextKind, class_list: str = "all") -> tuple[Texts, list[Fault]]:
    """The texts that are right, and all that is wrong with the others; UserError where a whole file is."""
    found = source(dataset, kind, class_list)
    if kind == OF_VIDEOS:
        wanted = Wanted(dataset.name, kind, (), layout.manifest(dataset.name))
        return words.read_of_videos(found.paths[0], videos_of(dataset), dataset.format, wanted)
    classes = layout.classes(dataset.name, found.of)
    wanted = Wanted(dataset.name, kind, read_classes(classes), classes, found.fetched)
    match kind:
        case "rephrased":
            return rephrased.read(found.paths[0], wanted)
        case "descriptors":
            return descriptors.read(found.paths[0], found.paths[1], wanted)
        case _:
            return words.read_of_classes(found.paths[0], wanted)


def videos_of(dataset: Dataset) -> dict[str, str]:
    """The videos that are trained on, in the order of the split tables -> their paths below the videos' folder."""
    paths = {video_id(path, dataset.format): path for path in listed_bytes(layout.manifest(dataset.name))}
    splits = [split for split in dataset.all_splits if split.startswith(TRAINED)]
    listed = [video for split in splits for video, _ in read_split(layout.split(dataset.name, split))]
    return {video: paths[video] for video in dict.fromkeys(listed) if video in paths}


def classes_of_videos(dataset: Dataset) -> dict[str, str]:
    """The class of every video that is trained on, by its path below the videos' folder."""
    paths, found = videos_of(dataset), dict[str, str]()
    for split in (split for split in dataset.all_splits if split.startswith(TRAINED)):
        names = read_classes(layout.classes(dataset.name, dataset.class_list(split)))
        rows = read_split(layout.split(dataset.name, split))
        found |= {paths[video]: names[label] for video, label in rows if video in paths}
    return found
