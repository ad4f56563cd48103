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


class BaseNovel(Params):
    """The seeded sampler of base-to-novel training lists (methods.md 8.3)."""

    seed: Annotated[int, Field(ge=0)]
    shots: Count  # videos per base class
    draws: Count  # independent training lists, one per fold


class Published(Params):
    """The paper's lists instead of the official ones: file names in lists/published/, by split and by class list."""

    splits: dict[str, str]
    classes: dict[str, str]


class Dataset(Params):
    """One dataset file."""

    name: str
    description: str
    format: Literal["kinetics", "hmdb51", "ucf101", "ssv2"]  # folder and list format of the official release
    splits: list[str]  # the official splits; the first trains and the second tests few-shot and base-to-novel runs
    class_lists: Literal["one", "per_split"]  # per_split: every split has classes of its own (K-600 zero-shot)
    flip: bool  # false where a class names a side
    frames: Frames
    max_missing: Annotated[float, Field(ge=0, le=1)] = 0.02  # share of a split that may lack frames; more stops a run
    few_shot: FewShot | None = None
    base_novel: BaseNovel | None = None
    lists: Literal["official", "published"] = "official"  # official: few-shot and base-to-novel lists are drawn by us
    published: Published | None = None
    zero_shot_from: str | None = None  # per_split from official lists: the annotation table whose videos are drawn from
    llm_names: dict[str, str] = Field(default_factory=dict)  # class list -> file of rephrased names in lists/llm/
    generate: Generate | None = None
    sources: Sources | None = None
    folder: str | None = None  # videos that you already have: nothing of them is downloaded

    @model_validator(mode="after")
    def _has_splits(self) -> Dataset:
        if not self.splits:
            raise ValueError("splits must name at least one split")
        if self.lists == "published" and self.published is None:
            raise ValueError("lists: published needs the section published, which names the files")
        if self.base_novel and len(self.splits) < 2:
            raise ValueError("base_novel needs two splits, the first to train and the second to test")
        return self

    @property
    def all_splits(self) -> list[str]:
        """The official splits, the few-shot training lists and the base-to-novel lists; or those that are published."""
        if self.lists == "published":
            assert self.published is not None
            return list(self.published.splits)
        shots = self.few_shot.shots if self.few_shot else []
        draws = self.base_novel.draws if self.base_novel else 0
        base = [*(f"base_train{draw}" for draw in range(1, draws + 1)), "base_test", "novel_test"] if draws else []
        return [*self.splits, *(f"few_shot_k{k}" for k in shots), *base]

    @property
    def all_class_lists(self) -> list[str]:
        """The class lists of all splits."""
        return sorted({self.class_list(split) for split in self.all_splits})

    def class_list(self, split: str) -> str:
        """The class list a split is labelled by."""
        if split.startswith(("base_", "novel_")):
            return split.split("_", 1)[0]
        return split if self.class_lists == "per_split" else "all"

    def drawn(self, split: str) -> bool:
        """Whether a split is a random draw of this program although the paper's draw is published."""
        random = split.startswith(("few_shot_k", "base_train"))
        return self.published is not None and self.lists == "official" and random


def load_dataset(name: str) -> Dataset:
    """Read a dataset file."""
    path = path_of("datasets", name)
    return validate({**read_yaml(path), "name": name}, Dataset, path)
