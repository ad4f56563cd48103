"""A method: a model and its training recipe (params/methods/*.yaml)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from tcclip.errors import UserError
from tcclip.params.budget import SuiteBudget, factors, read_in_layers
from tcclip.params.centre import Centre
from tcclip.params.exceptions import KEY, check_exceptions
from tcclip.params.kinds.axis import Kind, kinds_of, spelled
from tcclip.params.kinds.chosen_kinds import chosen
from tcclip.params.kinds.flat_keys import taken
from tcclip.params.kinds.look._look import Look
from tcclip.params.kinds.one_of import OneOf
from tcclip.params.kinds.score._score import Score
from tcclip.params.kinds.text._text import Text
from tcclip.params.numbers import Probability
from tcclip.params.reader import Params, merge, nearest, path_of, read_yaml, undotted, usable, validate
from tcclip.params.recipe import Recipe
from tcclip.params.spellings import spelled_out
from tcclip.params.temporal_context import TemporalContext
from tcclip.params.texts import TextKind
from tcclip.params.trained import Trained
from tcclip.params.unread_keys import refuse_unread
from tcclip.params.variants import place_of, variant_named


class Names(Params):
    """How class names are written."""

    source: Literal["plain", "llm"]  # the dataset's own names | rephrased by a language model (docs/texts.md)
    otherwise: str | None = None  # source llm: the method whose runs stand in on datasets without rephrased names
    split_camel_case: bool  # a blank before every capital letter
    underscores_to_spaces: bool  # brush_hair -> brush hair


class WeightEnsemble(Params):
    """Weight-space ensembling with CLIP."""

    w: Probability  # share of the fine-tuned weights; the rest is CLIP's


class CombinedViews(Params):
    """How the views of a video become its scores."""

    combine: Literal["probabilities", "logits"]  # what is summed over views (methods.md 1.6)


class Init(Params):
    """A run whose weights a training starts from."""

    protocol: str  # of that run
    dataset: str  # the paper's dataset it is trained on
    method: str  # of that run
    shots: int | None = None  # of that run, in the few-shot protocol


class Method(Params):
    """One method file, its `base` resolved."""

    name: str
    display: str  # the name in tables
    description: str  # one sentence, for people
    # What is trained: true = all but the token table | a section | false = nothing, CLIP's weights are evaluated
    train: Annotated[Trained | bool, Field(union_mode="left_to_right")]
    init: Init | Literal["clip"]  # the weights that a training starts from
    # Its own values of them, and `exceptions` for some trainings; a suite's budgets lie over these
    protocols: dict[str, dict[str, Any]]
    vision: Annotated[Kind, OneOf("vision")]  # what a frame sees beside its own tokens, in which layers
    tc: TemporalContext | None  # how context tokens are made
    pos: Annotated[Kind, OneOf("pos")]  # position table shared by all frames | one per frame (Table 9a)
    pool: Annotated[Kind, OneOf("pool")]  # how frame features become a video's
    text: Annotated[Text, OneOf("text")]  # how the texts of the classes are made
    look: Annotated[Look, OneOf("look")]  # how the texts look at the video
    score: Annotated[Score, OneOf("score")]  # how a video is compared with the texts
    names: Names  # how class names are written
    sampling: Annotated[Kind, OneOf("sampling")]  # which frames of a video make a clip
    norm: Literal["imagenet", "clip"]  # pixel statistics
    channels: Literal["rgb", "bgr"]  # order of the colours in a clip; the statistics stay those of red, green, blue
    centre: Centre  # the part of a frame that a test with one crop shows
    views: CombinedViews  # how the views of a video become its scores
    we: WeightEnsemble  # the weight-space ensemble with CLIP
    recipe: Recipe  # how it is trained

    @model_validator(mode="before")
    @classmethod
    def _kinds_get_their_keys(cls, content: Any) -> Any:
        """A section that is one kind keeps that kind's keys, and those of the others are dropped."""
        if not isinstance(content, dict):
            return content
        sections = {axis: spelled(content[axis]) for axis in SECTIONS if axis in content}
        kept = {axis: taken(section, axis) for axis, section in sections.items() if isinstance(section, dict)}
        return {**content, **kept}

    @field_validator("protocols")
    @classmethod
    def _exceptions_are_such(cls, protocols: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        for name, values in protocols.items():
            check_exceptions(values, f"{name}.{KEY}")
        return protocols

    @model_validator(mode="after")
    def _kinds_fit(self) -> Method:
        for kind in chosen(self):
            kind.check(self)
        return self

    @model_validator(mode="after")
    def _rephrased_names_have_a_stand_in(self) -> Method:
        if (self.names.source == "llm") != (self.names.otherwise is not None):
            raise ValueError("names.otherwise belongs to names.source llm, which needs it, and to no other source")
        return self

    @property
    def outside(self) -> tuple[TextKind, ...]:
        """The kinds of texts from outside that the texts of its classes are made of."""
        names: tuple[TextKind, ...] = ("rephrased",) if self.names.source == "llm" else ()
        return tuple(dict.fromkeys((*names, *self.text.outside)))

    @property
    def outside_of_training(self) -> tuple[TextKind, ...]:
        """The kinds of texts from outside that a training needs: those of its classes, and those of its objective."""
        return tuple(dict.fromkeys((*self.outside, *self.recipe.objective.outside)))

    def on_other_classes(self) -> Method:
        """The method for classes that its weights were not trained on, where what it learned belongs to classes."""
        elsewhere = self.text.elsewhere()
        return self if elsewhere is self.text else self.model_copy(update={"text": elsewhere})

    def check_sizes(self, patches: int, frames: int, layers: int) -> None:
        """Refuse, as a UserError with the keys, a backbone that cannot run the method.

        patches: N of one frame; frames: T of one view; layers: of the vision tower.
        """
        self.check_layers(layers)
        for kind in chosen(self):
            kind.check_seeds(self, patches, frames)

    def check_layers(self, layers: int) -> None:
        """Refuse, as a UserError with the keys, a vision tower whose layers cannot run the method."""
        for kind in chosen(self):
            kind.check_layers(self, layers)


SECTIONS = ("vision", "pos", "pool", "text", "look", "score", "sampling")  # that are one kind each

# The keys that no training depends on.
NOT_TRAINED: dict[str, Any] = {
    "name": True,
    "display": True,
    "description": True,
    "protocols": True,  # a part of the run's protocol by then
    "names": {"otherwise"},
    "we": True,
    "recipe": {"source"},
}


def _resolved(name: str, above: tuple[str, ...] = ()) -> dict[str, Any]:
    """The content of a method with that of its bases; `above` are those that it is the base of."""
    if name in above:
        raise UserError(
            f"{path_of('methods', above[-1])}: base: {name} is made of {above[-1]} itself: name another one"
        )
    variant = variant_named(name)
    if variant:
        base = _resolved(variant.base, (*above, name))
        known = str(base.get("display", variant.base))
        naming = {"display": variant.display_over(known), "description": variant.description_over(known)}
        return merge(base, {**naming, **spelled_out(undotted(variant.changes))})
    content = spelled_out(read_yaml(usable(path_of("methods", name))))
    base = content.pop("base", None)
    if not isinstance(base, str | None):
        raise UserError(f"{path_of('methods', name)}: base: must be the name of a method (got {base!r})")
    return merge(_resolved(base, (*above, name)), content) if base else content


def method_of_run(content: dict[str, Any], where: str) -> Method:
    """The method that a run's params.yaml holds, also one of an earlier version, whose keys are spelled otherwise."""
    return validate(merge(_resolved("_base"), spelled_out(content)), Method, where)


def base_of(name: str) -> str:
    """The method that a method says to differ from: of its file, or of the row that makes it."""
    variant = variant_named(name)
    return variant.base if variant else str(read_yaml(path_of("methods", name)).get("base", "_base"))


def load_method(name: str, overrides: dict[str, Any] | None = None, *budgets: SuiteBudget) -> Method:
    """Read a method, or a variant of one, with its base; `overrides` are dotted keys: {"tc.alpha": 0.4, "tc.k": 7}.

    `budgets` lie over the file and under the overrides; of sections that the method does not have, they say nothing.

    Raises:
        UserError: it names the method's file, or the first of what lies over it that does not fit.
    """
    content, where = _resolved(name), place_of(name)
    layers = [SuiteBudget(_spoken_of(content, budget), budget.where) for budget in budgets]
    if overrides:
        layers.append(SuiteBudget(spelled_out(undotted(overrides)), "--set"))
    method = read_in_layers(Method, {**content, "name": name}, where, layers, f" (put over {where})")
    if variant := variant_named(name):
        refuse_unread(method, variant.changes, variant.where)
    return method


def _spoken_of(content: dict[str, Any], budget: SuiteBudget) -> dict[str, Any]:
    """Those values of a budget whose section a method has: without context tokens there is no tc.k to scale.

    Of a section that is one kind, factors are for the kinds that have the number. UserError for what no method has.
    """
    spoken: dict[str, Any] = {}
    for key, value in spelled_out(budget.values).items():
        if key not in Method.model_fields:
            raise UserError(f"{budget.where}: unknown key '{key}': {nearest(key, list(Method.model_fields))}")
        if content.get(key) is not None:
            one_kind = key in SECTIONS and isinstance(value, dict)
            spoken[key] = _of_kind(spelled(content[key]), value, key, budget.where) if one_kind else value
    return spoken


def _of_kind(section: dict[str, Any], values: dict[str, Any], axis: str, where: str) -> dict[str, Any]:
    numbers = sorted({name for kind in kinds_of(axis).values() for name in kind.model_fields} - {"kind"})
    if unknown := [name for name in values if factors({name: values[name]}) and name not in (*section, *numbers)]:
        raise UserError(f"{where}: unknown key '{axis}.{unknown[0]}': {nearest(unknown[0], numbers)}")
    return {name: value for name, value in values.items() if name in section or not factors({name: value})}
