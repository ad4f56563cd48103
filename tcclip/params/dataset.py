"""A dataset: where its videos and lists are and how frames and splits are made (params/datasets/*.yaml)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from tcclip.params.reader import Params, path_of, read_yaml, validate
from tcclip.params.sources import Sources

Count = Annotated[int, Field(ge=1)]


class Frames(Params):
    """How the frames of a dataset are kept."""

    store: Literal["shards", "online"] = "shards"  # online: decoded from the videos whenever they are needed
    short_side: Count  # pixels
    jpeg_quality: Annotated[int, Field(ge=1, le=100)]
    shards: Count  # jobs and files; keep a shard under about 1 GB
    decode_timeout_s: Count  # per video and reader; some damaged files would hang a decoder for ever


class Generate(Params):
    """A generated stand-in (datasets of the mini suite)."""

    role: Literal["k400", "k600", "hmdb51", "ucf101", "ssv2"]  # the dataset it stands in for
    seed: Annotated[int, Field(ge=0)]
    train_per_class: Count
    test_per_class: Count  # per official split


class FewShot(Params):
    """The seeded sampler of few-shot training lists."""

    seed: Annotated[int, Field(ge=0)]
    shots: list[Count]


class Dataset(Params):
    """One dataset file."""

    name: str
    description: str
    format: Literal["kinetics", "hmdb51", "ucf101", "ssv2"]  # folder and list format of the official release
    splits: list[str]  # the official splits, for example train, val or train1, test1, ...
    class_lists: Literal["one", "per_split"]  # per_split: every split has classes of its own (K-600 zero-shot)
    flip: bool  # false where a class names a side
    frames: Frames
    max_missing: Annotated[float, Field(ge=0, le=1)] = 0.02  # share of a split that may lack frames; more stops a run
    few_shot: FewShot | None = None
    generate: Generate | None = None
    sources: Sources | None = None
    folder: str | None = None  # videos that you already have: nothing of them is downloaded

    @model_validator(mode="after")
    def _has_splits(self) -> Dataset:
        if not self.splits:
            raise ValueError("splits must name at least one split")
        return self

    @property
    def all_splits(self) -> list[str]:
        """The official splits and the few-shot training lists."""
        shots = self.few_shot.shots if self.few_shot else []
        return [*self.splits, *(f"few_shot_k{k}" for k in shots)]

    @property
    def all_class_lists(self) -> list[str]:
        """The class lists of all splits."""
        return sorted({self.class_list(split) for split in self.splits})

    def class_list(self, split: str) -> str:
        """The class list a split is labelled by."""
        return split if self.class_lists == "per_split" else "all"


def load_dataset(name: str) -> Dataset:
    """Read a dataset file."""
    path = path_of("datasets", name)
    return validate({**read_yaml(path), "name": name}, Dataset, path)
