"""A suite: a complete world to run in (params/suites/*.yaml)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from tcclip.errors import unknown
from tcclip.params.architecture import BackboneConfig
from tcclip.params.numbers import Count
from tcclip.params.reader import Params, names, read_named
from tcclip.params.seeds import EVERY, SeedsByMethod
from tcclip.params.texts import TextKind

PAPER = "paper"  # the suite of the paper's own world


class Pretraining(Params):
    """Contrastive pre-training of a small CLIP on captioned stills."""

    seed: int  # of everything that is drawn
    images: Count  # captioned stills
    steps: Count  # of the optimizer
    batch: Count  # stills of a step
    lr: Annotated[float, Field(gt=0)]  # highest learning rate of AdamW: embeddings, norms, biases
    matrix_lr: Annotated[float, Field(gt=0)]  # highest learning rate of Muon: the matrices of the layers
    warmup_steps: Annotated[int, Field(ge=0)]  # the learning rate rises linearly from 0
    weight_decay: Annotated[float, Field(ge=0)]  # of tensors with more than one dimension
    scale: Annotated[float, Field(gt=0)]  # exp(logit_scale) of the finished model
    norm: Literal["imagenet", "clip"]  # pixel statistics; the methods' own, so that they fit the weights
    threads: Count  # part of the result: sums over more threads round differently


class BackboneSource(Params):
    """Where CLIP's weights come from: open_clip, or pre-training in the pipeline."""

    name: str  # of the folder data/backbones/<name>
    architecture: BackboneConfig  # the sizes that the weights must have
    open_clip: str | None = None  # model name in open_clip, of one with QuickGELU
    pretrained: str | None = None  # with open_clip: its tag of the weights, or a file with them
    pretraining: Pretraining | None = None  # instead of open_clip

    @model_validator(mode="after")
    def _one_source(self) -> BackboneSource:
        if (self.open_clip is None) == (self.pretraining is None):
            raise ValueError("needs exactly one of open_clip and pretraining")
        if self.pretrained is not None and self.open_clip is None:
            raise ValueError("pretrained is for open_clip: weights that are pre-trained here have pretraining alone")
        with_weights = self.open_clip is not None and ":" in self.open_clip  # hf-hub:NAME and local-dir:FOLDER
        if with_weights and self.pretrained:
            raise ValueError(f"open_clip takes {self.open_clip} with its own weights: remove pretrained")
        if self.open_clip and not (self.pretrained or with_weights):  # open_clip would draw them at random
            raise ValueError("open_clip needs pretrained: open_clip's tag of the weights, such as openai, or a file")
        return self


class Machine(Params):
    """How jobs use a machine; results do not depend on loader_workers."""

    threads: Count  # of one process
    loader_workers: Annotated[int, Field(ge=0)]  # of one process
    # Of one training or evaluation, which has a process for each; 0: the CPU; auto: a GPU if there is one that works
    gpus: Annotated[int, Field(ge=0)] | Literal["auto"]
    precision: Literal["auto", "fp32", "fp16", "bf16"]  # auto: what the card is fast in
    eval_batch: Count  # clips of one forward pass
    checkpoint: bool = False  # training: less memory for a quarter more time, the same gradients
    train_mem_mb: Count  # of a training or evaluation; twice as much when the job is tried again
    train_minutes: Count  # time limit on a cluster; a training that needs more goes on in its next job
    evaluate_minutes: Count  # time limit on a cluster; twice as much when the job is tried again
    sample_seconds: Annotated[float, Field(gt=0)] = 10.0  # between two samples of processor, memory and GPU in training

    @property
    def processes(self) -> int:
        """Of one training or evaluation."""
        return 1 if self.gpus == "auto" else max(1, self.gpus)

    def at(self, precision: Literal["fp32", "fp16", "bf16"]) -> Machine:
        """The same with the precision that `auto` stands for."""
        return self.model_copy(update={"precision": precision})


class Bench(Params):
    """How the throughput of Table 6 is measured (`tcclip bench`)."""

    classes: Count  # class names that a video is compared with
    batch: Count  # views of one forward pass
    repeat: Count  # turns; the best counts


class Throughput(Params):
    """One training or evaluation at a time: for the estimates of `tcclip plan` until `tcclip bench` has measured it."""

    train_views_per_s: Annotated[float, Field(gt=0)]  # clips of a training
    eval_views_per_s: Annotated[float, Field(gt=0)]  # clips of an evaluation
    source: str  # where these numbers are from


class Feeding(Params):
    """What one processor core does for the GPUs, and the line to the mirrors; a suite on CPUs needs none of it."""

    train_clips_per_s: Annotated[float, Field(gt=0)]  # training clips of 16 frames from shards, by a loader worker
    test_clips_per_s: Annotated[float, Field(gt=0)]  # test clips of 16 frames from shards, the centre of the frames
    crop_clips_per_s: Annotated[float, Field(gt=0)]  # the same where a clip is one of three crops
    online_clips_per_s: Annotated[float, Field(gt=0)]  # clips of 16 frames of a dataset whose frames.store is online
    extracted_videos_per_s: Annotated[float, Field(gt=0)]  # videos of 10 s and 30 frames/s, extracted to shards
    download_mb_per_s: Annotated[float, Field(gt=0)]  # of all downloads together
    source: str  # where these numbers are from


class FirstLook(Params):
    """Rows of a table that are filled before everything else."""

    table: str  # whose page is shown
    methods: list[str]  # of the rows


class Suite(Params):
    """One suite file."""

    name: str
    description: str  # one sentence, for people
    backbone: BackboneSource  # CLIP's sizes and where its weights come from
    datasets: dict[str, str]  # the paper's dataset -> the dataset file that plays its role
    tables: list[str]  # files of params/tables/ that `make tables` makes
    quote_published: bool  # fill cells that are not measured with the paper's numbers, marked
    # Rows that are quoted, or empty, instead of trained: a row's name in all tables, or TABLE/ROW in one
    quoted_rows: list[str] = Field(default_factory=list)
    texts: list[TextKind] = Field(default_factory=list)  # from outside, whose rows are run (docs/texts.md)
    first_look: FirstLook | None = None  # what `make tables` shows on a page before it goes on
    machine: Machine  # threads, GPUs, memory and time of a job
    bench: Bench  # how Table 6's throughput is measured
    throughput: Throughput  # clips per second, for estimates
    feeding: Feeding | None = None  # what feeds the GPUs, for the same; none: what computes also loads
    protocols: dict[str, dict[str, Any]] = Field(default_factory=dict)  # budgets put over params/protocols/<name>.yaml
    # In the place of protocols': a list for all, or lists by METHOD, PROTOCOL/METHOD or TABLE/METHOD (docs/seeds.md)
    seeds: SeedsByMethod = Field(default_factory=dict)
    methods: dict[str, Any] = Field(default_factory=dict)  # put over every method's values, or scaling them

    @model_validator(mode="before")
    @classmethod
    def _names_are_texts(cls, content: Any) -> Any:
        """The switch of before there were `texts` says what it is called now."""
        if isinstance(content, dict) and "llm_names" in content:
            raise ValueError("llm_names is called texts now: `texts: [rephrased]` is what `llm_names: true` was")
        return content

    @model_validator(mode="before")
    @classmethod
    def _recipe_is_of_methods(cls, content: Any) -> Any:
        """A suite of before there were `methods` has only a `recipe` to put over theirs."""
        if not isinstance(content, dict) or "recipe" not in content:
            return content
        rest = {key: value for key, value in content.items() if key != "recipe"}
        return {**rest, "methods": {**rest.get("methods", {}), "recipe": content["recipe"]}}

    @field_validator("datasets")
    @classmethod
    def _each_plays_one_role(cls, datasets: dict[str, str]) -> dict[str, str]:
        """A table would show the accuracies of one dataset as those of two."""
        for role, dataset in datasets.items():
            if (first := next(other for other, name in datasets.items() if name == dataset)) != role:
                raise ValueError(
                    f"{first} and {role} are both {dataset}: give one of them another dataset, or remove it"
                )
        return datasets

    def dataset(self, role: str) -> str:
        """The dataset file that plays `role` (k400, k600, hmdb51, ucf101, ssv2)."""
        if role not in self.datasets:
            raise unknown("dataset", role, self.datasets)
        return self.datasets[role]

    def seeds_for(self, table: str, protocol: str, method: str) -> list[int] | None:
        """The seeds of a method's trainings by a protocol for a table; None: those that the protocol lists."""
        known = (f"{table}/{method}", f"{protocol}/{method}", method, EVERY)
        return next((self.seeds[key] for key in known if key in self.seeds), None)

    def with_seeds(self, seeds: dict[str, list[int]]) -> Suite:
        """The suite with other seeds: those of all trainings in the place of whatever it says, methods' beside it."""
        return self.model_copy(update={"seeds": seeds if EVERY in seeds else {**self.seeds, **seeds}})


def load_suite(name: str) -> Suite:
    """Read a suite file."""
    return read_named("suites", name, Suite)


def papers_backbone() -> BackboneSource | None:
    """What the paper begins with, by the suite of its name; None in a project that has removed it."""
    return load_suite(PAPER).backbone if PAPER in names("suites") else None
