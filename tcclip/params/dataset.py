"""A dataset: where its videos and lists are and how frames and splits are made (params/datasets/*.yaml).

Three kinds, by what their files say: generated stand-ins (`generate`), one's own (`format: csv`), and releases.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator

from tcclip.errors import UserError
from tcclip.params.lists import each_once
from tcclip.params.numbers import Count
from tcclip.params.reader import Params, merge, path_of, read_yaml, usable, validate, version_of
from tcclip.params.release import Sources
from tcclip.params.texts import TextFiles, TextKind

# The formats of official lists: the modules that read them.
FORMATS = sorted(path.stem for path in (Path(__file__).parents[1] / "data/splits/formats").glob("[!_.]*.py"))


def _known(name: str) -> str:
    if name not in FORMATS:
        raise ValueError(f"must be {', '.join(FORMATS)} (tcclip/data/splits/formats/), or csv for a list of your own")
    return name


Format = Annotated[str, AfterValidator(_known), WithJsonSchema({"type": "string", "enum": FORMATS})]


def _with_one_group(expression: str) -> str:
    try:
        groups = re.compile(expression).groups
    except re.error as error:
        raise ValueError(f"'{expression}' is no regular expression: {error}") from error
    if groups != 1:
        raise ValueError(
            f"'{expression}' must have one group, which is the recording, and has {groups}: '(v_.+_g\\d+)_c\\d+' has "
            "one, and (?:...) is none"
        )
    return expression


Recording = Annotated[str, AfterValidator(_with_one_group), WithJsonSchema({"type": "string"})]
OWN = "_csv"  # the file of what datasets of one's own have unless they say otherwise


Resize = Literal["plain", "smooth"]


class Frames(Params):
    """How the frames of a dataset are kept."""

    store: Literal["shards", "online"] = "shards"  # online: decoded from the videos whenever they are needed
    short_side: Count  # pixels
    resize: Resize = "plain"  # larger videos: plain is the authors' bilinear; smooth averages over all source pixels
    jpeg_quality: Annotated[int, Field(ge=1, le=100)]  # of the stored frames
    shards: Count  # jobs and files; of about 4 GB each for real datasets
    picture_rate: Annotated[float, Field(gt=0)] = 25  # pictures a second, where videos are folders of pictures
    decode_timeout_s: Count  # without a new frame; some damaged files would hang a decoder for ever


class Generate(Params):
    """A generated stand-in (datasets of the mini suite)."""

    role: Literal[
        "k400", "k600", "hmdb51", "ucf101", "ssv2", "diagnostic"
    ]  # the dataset it stands in for, or the diagnostic one
    seed: Annotated[int, Field(ge=0)]  # of all that is drawn
    train_per_class: Count  # videos
    test_per_class: Count  # per official split


class FewShot(Params):
    """The seeded sampler of few-shot training lists."""

    seed: Annotated[int, Field(ge=0)]  # of the draw
    shots: Annotated[list[Count], AfterValidator(each_once)]  # numbers K of videos per class; a training list for each


class BaseNovel(Params):
    """The seeded sampler of base-to-novel training lists (methods.md 8.3)."""

    seed: Annotated[int, Field(ge=0)]  # of the draw
    shots: Count  # videos per base class
    draws: Count  # independent training lists, one per fold


class Published(Params):
    """The paper's lists instead of the official ones: file names in lists/published/, by split and by class list."""

    splits: dict[str, str]  # split -> file
    classes: dict[str, str]  # class list -> file


class _Dataset(Params):
    """What all datasets have."""

    name: str
    description: str  # one sentence, for people
    display: str | None = None  # its name in tables and figures; else that of its role
    # The official ones: the first trains, the second tests few-shot runs
    splits: Annotated[list[str], Field(min_length=1), AfterValidator(each_once)]
    class_lists: Literal["one", "per_split"]  # per_split: every split has classes of its own (K-600 zero-shot)
    flip: bool  # false where a class names a side
    frames: Frames  # their size and where they are kept
    max_missing: Annotated[float, Field(ge=0, le=1)] = 0.02  # share of a split that may lack frames; more stops a run
    few_shot: FewShot | None = None  # the lists of the few-shot protocol, where they are drawn here
    base_novel: BaseNovel | None = None  # the lists of the base-to-novel protocol, where they are drawn here
    # Regular expression of a video's whole name without suffix; its group is the recording that the video is a clip of,
    # which intervals draw as one; without the key every video is its own recording
    recording: Recording | None = None
    # For estimates, and to see that official lists are whole: `classes`, videos of official splits, and
    # `all_tests`: of all test splits, those of several once
    counts: dict[str, Count] = Field(default_factory=dict)
    texts: TextFiles = Field(default_factory=TextFiles)  # what somebody has written of its classes and videos

    @model_validator(mode="after")
    def _has_a_split_to_test(self) -> Self:
        if self.base_novel and len(self.splits) < 2:
            raise ValueError("base_novel needs two splits, the first to train and the second to test")
        return self

    @model_validator(mode="after")
    def _texts_are_of_class_lists(self) -> Self:
        known = sorted({*self.all_class_lists, "base", "novel"})  # which a dataset need not use
        for kind, named in (("rephrased", [*self.texts.rephrased]), ("descriptors", [*self.texts.descriptors])):
            if stray := [name for name in named if name not in known]:
                raise ValueError(f"texts.{kind}: '{stray[0]}' is no class list of this dataset: {', '.join(known)}")
        return self

    @property
    def all_splits(self) -> list[str]:
        """The official splits, and the few-shot and base-to-novel lists that are drawn from them."""
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
        return False

    def budget(self, protocol: str) -> dict[str, Any]:
        """What its file says of a protocol for trainings on it."""
        return {}

    def has_texts(self, kind: TextKind) -> bool:
        """Whether there can be texts of a kind: those of a release have to be named."""
        return True


class Generated(_Dataset):
    """A generated stand-in for a dataset of the paper."""

    format: Format  # of the lists that it is written with
    generate: Generate  # what is generated


class Release(_Dataset):
    """A published dataset, downloaded or in a folder of the user's."""

    format: Format  # of the official lists
    lists: Literal["official", "published"] = "official"  # official: few-shot and base-to-novel lists are drawn by us
    published: Published | None = None  # which files are the paper's lists
    zero_shot_from: str | None = None  # per_split from official lists: the annotation table whose videos are drawn from
    sources: Sources | None = None  # what is downloaded; without it the user places the files
    folder: str | None = None  # videos that you already have: nothing of them is downloaded

    @model_validator(mode="after")
    def _names_its_lists(self) -> Release:
        if self.lists == "published" and self.published is None:
            raise ValueError("lists: published needs the section published, which names the files")
        return self

    @property
    def all_splits(self) -> list[str]:
        """The paper's lists, or the official splits and what is drawn from them."""
        published = self.uses_published
        return list(published.splits) if published else super().all_splits

    def has_texts(self, kind: TextKind) -> bool:
        """Whether there can be texts of a kind: those of a release have to be named."""
        return self.texts.has(kind)

    @property
    def downloads(self) -> Sources:
        """What is downloaded, of a release that `load_release` has given."""
        assert self.sources is not None
        return self.sources

    @property
    def uses_published(self) -> Published | None:
        """The paper's lists, where they take the place of the official ones."""
        return self.published if self.lists == "published" else None

    def drawn(self, split: str) -> bool:
        """Whether a split is a random draw of this program although the paper's draw is published."""
        random = split.startswith(("few_shot_k", "base_train"))
        return self.published is not None and self.lists == "official" and random


class Own(_Dataset):
    """A dataset of one's own: a folder of videos and a list of them."""

    format: Literal["csv"]  # a list of one's own
    folder: Annotated[str, Field(min_length=1)]  # of the videos
    csv: Annotated[str, Field(min_length=1)]  # the list: columns path, label and optionally split and group
    names: str | None = None  # a list of class names, where the labels are numbers: lines label,name
    suite: Annotated[str, Field(min_length=1)]  # which it joins; its role there is its name
    methods: Annotated[list[str], Field(min_length=1), AfterValidator(each_once)]  # the rows of its table
    test_share: Annotated[float, Field(gt=0, lt=1)] = 0.3  # of every class, where the CSV has no column split
    split_seed: Annotated[int, Field(ge=0)] = 1  # of the draw of `test_share`
    protocols: dict[str, dict[str, Any]] = Field(default_factory=dict)  # budgets of its trainings, over the suite's

    @model_validator(mode="after")
    def _has_one_split(self) -> Own:
        if self.splits != ["train1", "test1"] or self.class_lists != "one":
            raise ValueError("format: csv has the splits [train1, test1] and one list of classes")
        return self

    @property
    def list_path(self) -> Path:
        """The CSV, relative to the working directory."""
        return Path(self.csv).expanduser()

    @property
    def names_path(self) -> Path | None:
        """The list of class names, if there is one."""
        return Path(self.names).expanduser() if self.names else None

    def budget(self, protocol: str) -> dict[str, Any]:
        """What its file says of a protocol for trainings on it."""
        return self.protocols.get(protocol, {})


Dataset = Generated | Release | Own
OWN_NEEDS = ("csv", "folder", "suite", "methods")  # what a dataset of one's own has to say
OWN_ALONE = ("csv", "names", "suite", "methods", "protocols")  # what only such a one says


def is_own(content: dict[str, Any]) -> bool:
    """Whether a dataset's file is, or wants to be, of a dataset of one's own."""
    return content.get("format") == "csv" or any(key in content for key in OWN_ALONE)


def load_dataset(name: str) -> Dataset:
    """Read a dataset file; what one of format csv leaves out is in params/datasets/_csv.yaml."""
    path = usable(path_of("datasets", name))
    own = path.with_name(f"{OWN}.yaml")
    return _loaded(path, version_of(path), version_of(own) if own.is_file() else None)


@functools.cache
def _loaded(path: Path, version: object, own: object) -> Dataset:
    """Once for these versions of the file and of what one's own leave out: hundreds of cells share a few datasets."""
    content = {**read_yaml(path), "name": path.stem}
    given = [key for key in OWN_ALONE if key in content]
    misspelt = given and "format" not in content and content.keys() - Own.model_fields.keys()
    if content.get("format") == "csv" or misspelt:
        return _loaded_own(path, content)
    if given:
        raise UserError(f"{path}: {given[0]} is for datasets of one's own, with format: csv")
    return validate(content, Generated, path) if "generate" in content else validate(content, Release, path)


def _loaded_own(path: Path, content: dict[str, Any]) -> Own:
    content = merge(read_yaml(path_of("datasets", OWN)), content)
    missing = [key for key in OWN_NEEDS if not content.get(key)]
    if missing and not content.keys() - Own.model_fields.keys():  # else the misspelt key is the one to tell
        raise UserError(f"{path}: format: csv needs {missing[0]} (docs/adding_a_dataset.md)")
    return validate(content, Own, path)


def load_release(name: str) -> Release:
    """A dataset that can be downloaded; UserError for another one."""
    dataset = load_dataset(name)
    if isinstance(dataset, Release) and dataset.sources:
        return dataset
    raise UserError(
        f"{path_of('datasets', name)} has no `sources`: nothing of {name} is downloaded or unpacked; "
        f"`tcclip raw {name}` makes or checks its videos"
    )
