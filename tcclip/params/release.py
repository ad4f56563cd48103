"""Which files of a dataset's sources are needed, given what its file asks for."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Literal

from tcclip.params.dataset import Dataset
from tcclip.params.sources import RemoteFile, split_files

Part = Literal["release", "llm"]  # videos and lists | class names rephrased by a language model


def files_of(dataset: Dataset, part: Part = "release") -> list[RemoteFile]:
    """The files of a part, in the order of the dataset's file; archives that a file names are not among them.

    No videos if the user has a folder of them, and of the lists those that `lists` asks for: the official ones, or the
    published ones, which the K-600 draw from official annotations needs as well.
    """
    if part == "llm":
        return split_files(dataset.name, "llm")
    lists, videos = dataset.lists == "official", dataset.folder is None
    files = dataset.sources.files if dataset.sources else []
    release = [file for file in files if (lists if is_list(file.into) else videos)]
    needs_published = dataset.lists == "published" or dataset.zero_shot_from is not None
    return release + (split_files(dataset.name, "published") if needs_published else [])


def is_list(into: str) -> bool:
    """Whether what goes there are lists, which lie in one folder without folders of their own."""
    return PurePosixPath(into).parts[:1] == ("lists",)
