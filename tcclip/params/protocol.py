"""A protocol: what is trained on, for how long, and what is evaluated (params/protocols/*.yaml)."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import Field, computed_field, field_validator, model_validator

from tcclip.errors import UserError
from tcclip.params.budget import SuiteBudget, read_in_layers
from tcclip.params.kinds.axis import spelled
from tcclip.params.kinds.flat_keys import taken
from tcclip.params.kinds.one_of import OneOf
from tcclip.params.kinds.select._select import Select
from tcclip.params.numbers import Count
from tcclip.params.reader import Params, path_of, read_yaml
from tcclip.params.seeds import Seeds


class Views(Params):
    """Views of one test video; what is summed over them says the method (`views.combine`)."""

    temporal: Count  # clips of a video
    spatial: Literal[1, 3]  # crops of a frame: the centre, or three along its long side
    mode: Literal["paper", "deterministic"]  # random segments as in the authors' runs (seeded) | evenly spread

    @property
    def count(self) -> int:
        """How many views a video has."""
        return self.temporal * self.spatial


MOST = 100  # clips of a video that a person may ask for; the paper's tests have 4
CENTRE = Views(temporal=1, spatial=1, mode="deterministic")


def parse_views(text: str) -> Views:
    """ "4x3" -> four clips of three crops, random segments as in the authors' runs; UserError for more than `MOST`."""
    temporal, _, spatial = text.partition("x")
    if not re.fullmatch("0*[1-9][0-9]{0,15}", temporal) or spatial not in ("1", "3"):
        raise UserError(f"views must be clips x crops with 1 or 3 crops, for example 2x1 (got '{text}')")
    if int(temporal) > MOST:
        raise UserError(
            f"views must have {MOST} clips at most (got '{text}'): further ones have nearly the frames of these, and "
            "each takes as long"
        )
    return Views(temporal=int(temporal), spatial=1 if spatial == "1" else 3, mode="paper")


class Validation(Params):
    """Evaluation during training."""

    split: str  # the videos that it is on
    views: Literal["centre", "test"] = "centre"  # one view, the centre of every segment | those of a test
    epochs: list[Annotated[int, Field(ge=0)]] | Literal["all"]  # counted from 0; select: best adds the last epoch


class PseudoLabels(Params):
    """Labels that a frozen model gives the videos of a training, in the place of those of its list (methods.md 3.8)."""

    by: str  # the method that gives them, which is not trained
    keep: Annotated[float, Field(gt=0, le=1)]  # share of the videos: those surest of their label, under one threshold


class Protocol(Params):
    """One protocol file with the suite's budgets put over it."""

    name: str
    description: str  # one sentence, for people
    train_split: str  # '{shots}' and '{fold}' are replaced
    pseudo_labels: PseudoLabels | None = None  # in the place of the split's labels; null: those
    shots: list[Count]  # empty: the protocol has no shots
    folds: Annotated[int, Field(ge=0)] = 0  # trainings on independent draws, their results averaged; 0: one training
    only_from_clip: bool = False  # refuse methods that start from other weights than CLIP's
    frames: Count  # of a view
    epochs: Count  # of a training
    warmup_epochs: Annotated[int, Field(ge=0)]  # the learning rate rises linearly from 0
    lr: Annotated[float, Field(gt=0)]  # highest learning rate; a cosine brings it down to lr_min
    lr_min: Annotated[float, Field(ge=0)]  # learning rate of the last step, the same for all parameter groups
    total_batch: Count  # videos per optimizer step
    micro_batch: Count  # videos mixed with each other; the rest of a step is accumulation
    counted_for: Count = 4  # processes that share a step where the schedule counts time; how many do is the suite's
    validation: Validation  # the tests during a training
    select: Annotated[Select, OneOf("select")]  # the weights that are kept: of which epoch, or of several
    test_last: bool = False  # the last epoch's weights are kept beside those of `select`, and tested as they are
    views: Views  # of a test video
    # Of everything that is drawn in a training: there is one training for each, and a cell is the mean over them
    seeds: Seeds = Field(exclude=True)

    @model_validator(mode="before")
    @classmethod
    def _seeds_are_a_list(cls, content: Any) -> Any:
        """The key of before there could be several says what it is called now."""
        if isinstance(content, dict) and "seed" in content:
            raise ValueError(f"seed is a list now, called seeds: write `seeds: [{content['seed']}]`")
        return content

    @model_validator(mode="before")
    @classmethod
    def _kinds_get_their_keys(cls, content: Any) -> Any:
        """A selection keeps its kind's keys; those of another one, which a suite put it over, are dropped."""
        select = spelled(content.get("select")) if isinstance(content, dict) else None
        return {**content, "select": taken(select, "select")} if isinstance(select, dict) else content

    @field_validator("train_split")
    @classmethod
    def _of_shots_and_fold_alone(cls, split: str) -> str:
        try:
            split.format(shots=1, fold=1)
        except (LookupError, ValueError):
            raise ValueError("in braces there can be {shots} and {fold} only") from None
        return split

    @model_validator(mode="after")
    def _batches_fit(self) -> Protocol:
        if self.total_batch % self.micro_batch:
            raise ValueError(f"total_batch {self.total_batch} must be a multiple of micro_batch {self.micro_batch}")
        if self.warmup_epochs >= self.epochs:
            raise ValueError("warmup_epochs must be smaller than epochs")
        if self.lr_min > self.lr:
            raise ValueError("lr_min must not be larger than lr")
        late = [e for e in self.validation.epochs if e >= self.epochs] if self.validation.epochs != "all" else []
        if late:
            raise ValueError(
                f"validation.epochs are counted from 0: {late[0]} is not below epochs ({self.epochs}); change both, to "
                "a list or `all` (--set protocol.validation.epochs=all)"
            )
        self.select.check_epochs(self.epochs)
        return self

    @computed_field  # type: ignore[prop-decorator]
    @property
    def seed(self) -> int:
        """The seed of a run, which has one; else the first, from which untrained methods' random views are drawn."""
        return self.seeds[0]

    def of_seed(self, seed: int) -> Protocol:
        """What a run of one seed is trained and tested by."""
        return self if self.seeds == [seed] else self.model_copy(update={"seeds": [seed]})

    @property
    def validates(self) -> bool:
        """Whether a training is validated at all."""
        return bool(self.validation.epochs) or self.select.VALIDATES_LAST

    @property
    def validation_views(self) -> Views:
        """Views of a validation video."""
        return self.views if self.validation.views == "test" else CENTRE

    @property
    def keeps_last(self) -> bool:
        """Whether a training keeps two sets of weights."""
        return self.test_last and not self.select.IS_LAST


# The keys that no training depends on: the run's name and split say which shots and fold it is, and `validation_views`
# which views of a test it has.
NOT_OF_A_TRAINING = {"name", "description", "shots", "folds", "only_from_clip", "views"}


def load_protocol(name: str, *budgets: SuiteBudget) -> Protocol:
    """Read a protocol and put `budgets` over it, one after the other.

    Raises:
        UserError: it names the protocol's file, or the first budget that does not fit what it is put over.
    """
    path = path_of("protocols", name)
    content = {**read_yaml(path), "name": name}
    return read_in_layers(Protocol, content, str(path), [budget for budget in budgets if budget.values])
