"""A dataset: where its videos and lists are and how frames and splits are made (params/datasets/*.yaml)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from tcclip.params.reader import Params, merge, path_of, read_yaml, validate
from tcclip.params.release import Sources

Count = Annotated[int, Field(ge=1)]
OWN = "_csv"  # the file of what datasets of one's own have unless they say otherwise


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
    format: Literal["kinetics", "hmdb51", "ucf101", "ssv2", "csv"]  # of the official release; csv: one's own dataset
    splits: list[str]  # the official splits; the first trains and the second tests few-shot and base-to-novel runs
    class_lists: Literal["one", "per_split"]  # per_split: every split has classes of its own (K-600 zero-shot)
    flip: bool  # false where a class names a side
    frames: Frames
    max_missing: Annotated[float, Field(ge=0, le=1)] = 0.02  # share of a split that may lack frames; more stops a run
    few_shot: FewShot | None = None
    base_novel: BaseNovel | None = None
    lists: Literal["official", "published"] = "official"  # official: few-shot and base-to-novel lists are drawn by us
    published: Published | None = None
    counts: dict[str, Count] = Field(default_factory=dict)  # for estimates: `classes`, and videos of official splits
    zero_shot_from: str | None = None  # per_split from official lists: the annotation table whose videos are drawn from
    llm_names: dict[str, str] = Field(default_factory=dict)  # class list -> file of rephrased names in lists/llm/
    generate: Generate | None = None
    sources: Sources | None = None
    folder: str | None = None  # videos that you already have: nothing of them is downloaded
    csv: str | None = None  # one's own list: columns path, label and optionally split (train or test)
    suite: str | None = None  # the suite that one's own dataset joins; its role there is its name
    methods: list[str] = Field(default_factory=list)  # the rows of its table
    test_share: Annotated[float, Field(gt=0, lt=1)] = 0.3  # of every class, where the CSV has no column split
    split_seed: Annotated[int, Field(ge=0)] = 1
    protocols: dict[str, dict[str, Any]] = Field(default_factory=dict)  # budgets of its trainings, over the suite's

    @model_validator(mode="after")
    def _has_splits(self) -> Dataset:
        if not self.splits:
            raise ValueError("splits must name at least one split")
        if self.lists == "published" and self.published is None:
            raise ValueError("lists: published needs the section published, which names the files")
        if self.base_novel and len(self.splits) < 2:
            raise ValueError("base_novel needs two splits, the first to train and the second to test")
        return self

    @model_validator(mode="after")
    def _own_is_complete(self) -> Dataset:
        own = {"csv": self.csv, "folder": self.folder, "suite": self.suite, "methods": self.methods}
        if self.format == "csv":
            if missing := [key for key, value in own.items() if not value]:
                raise ValueError(f"format: csv needs {missing[0]} (docs/adding_a_dataset.md)")
            if self.splits != ["train1", "test1"] or self.class_lists != "one":
                raise ValueError("format: csv has the splits [train1, test1] and one list of classes")
        elif set_keys := [key for key in ("csv", "suite", "methods", "protocols") if getattr(self, key)]:
            raise ValueError(f"{set_keys[0]} is for datasets of one's own, with format: csv")
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


def own_list(dataset: Dataset) -> Path | None:
    """The CSV of a dataset of one's own, relative to the working directory."""
    return Path(dataset.csv).expanduser() if dataset.csv else None


def load_dataset(name: str) -> Dataset:
    """Read a dataset file; what one of format csv leaves out is in params/datasets/_csv.yaml."""
    path = path_of("datasets", name)
    content = read_yaml(path)
    if content.get("format") == "csv":
        content = merge(read_yaml(path_of("datasets", OWN)), content)
    return validate({**content, "name": name}, Dataset, path)
