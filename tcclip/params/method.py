"""A method: a model and its training recipe (params/methods/*.yaml)."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from tcclip.errors import UserError
from tcclip.params.reader import Params, merge, path_of, read_yaml, undotted, validate
from tcclip.params.variants import place_of, variant_named
from tcclip.params.vision import TemporalContext, Vision, check_sections

Probability = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
BARE = "{name}"  # a prompt without words


class Text(Params):
    """How class names become text features."""

    # bare name | fixed prompt | learned prompt vectors | those, looking at the frames' [CLS] tokens (vp_cls) or at the
    # context tokens (vp_ctx) before the last layer | fixed prompt, the finished text features look at context tokens
    mode: Literal["name", "template", "coop", "vp_cls", "vp_ctx", "late_fusion"]
    prompt: str  # text around {name}; its words before {name} start the learnable prompt vectors
    n_ctx: Annotated[int, Field(ge=1)]  # learnable prompt vectors (modes that learn them)
    late_prompts: bool  # mode late_fusion learns prompt vectors too
    context_length: Annotated[int, Field(ge=8, le=77)]  # tokens per text

    @field_validator("prompt")
    @classmethod
    def _has_name(cls, prompt: str) -> str:
        if "{name}" not in prompt:
            raise ValueError("must contain {name}")
        return prompt

    @property
    def learns_prompts(self) -> bool:
        """Whether `n_ctx` vectors take the place of the prompt's first words."""
        return self.mode in ("coop", "vp_cls", "vp_ctx") or (self.mode == "late_fusion" and self.late_prompts)

    @property
    def looks_at(self) -> Literal["frames", "context"] | None:
        """The features of a video that its texts depend on: frames' [CLS] tokens, context tokens, or none."""
        return {"vp_cls": "frames", "vp_ctx": "context", "late_fusion": "context"}.get(self.mode)  # type: ignore[return-value]

    @model_validator(mode="after")
    def _bare_name_or_prompt(self) -> Text:
        if (self.mode == "name") != (self.prompt == BARE):
            raise ValueError(
                f"text.mode '{self.mode}' does not go with text.prompt '{self.prompt}': name is the mode of '{BARE}', "
                "and of it alone"
            )
        return self

    @model_validator(mode="after")
    def _enough_words(self) -> Text:
        # letters, single digits and marks are CLIP's words; each is at least one token
        words = re.findall(r"[^\W\d_]+|\d|[^\s\w]+|_+", self.prompt.partition("{name}")[0])
        if self.learns_prompts and len(words) < self.n_ctx:
            raise ValueError(
                f"text.prompt '{self.prompt}' has {len(words)} words before {{name}}, and the learned prompt vectors "
                f"start as text.n_ctx = {self.n_ctx} of them: lengthen the prompt or lower text.n_ctx"
            )
        return self


class Names(Params):
    """How class names are written."""

    source: Literal["plain", "llm"]  # the dataset's own names | rephrased by a language model (a suite's llm_names)
    otherwise: str | None = None  # source llm: the method whose runs stand in on datasets without rephrased names
    split_camel_case: bool  # a blank before every capital letter
    underscores_to_spaces: bool


class WeightEnsemble(Params):
    """Weight-space ensembling with CLIP."""

    w: Probability  # share of the fine-tuned weights; the rest is CLIP's


class Mixup(Params):
    """Mixing of videos and labels inside a micro-batch."""

    prob: Probability  # share of micro-batches that are mixed at all
    mixup_alpha: Positive
    cutmix_alpha: Positive
    cutmix_prob: Probability  # CutMix with this probability, otherwise Mixup


class ColorJitter(Params):
    """Colour changes drawn per frame."""

    prob: Probability
    brightness: Probability
    contrast: Probability
    saturation: Probability
    hue: Annotated[float, Field(ge=0, le=0.5)]


class Augmentation(Params):
    """Training-time changes of a clip (methods.md, Recipe X)."""

    crop_scales: list[Annotated[float, Field(gt=0, le=1)]]
    flip_prob: Probability  # the whole clip; datasets whose classes name a side switch it off
    color_jitter: ColorJitter
    gray_prob: Probability  # the whole clip


class Optimizer(Params):
    """AdamW."""

    betas: tuple[Probability, Probability]
    eps: Positive
    weight_decay: Annotated[float, Field(ge=0)]
    new_lr_factor: Positive  # learning-rate factor of prompt vectors and VP


class Init(Params):
    """A run whose weights a training starts from."""

    protocol: str
    dataset: str  # the paper's dataset it is trained on
    method: str
    shots: int | None = None


class Recipe(Params):
    """How a method is trained; epochs, rates and batches belong to the protocol."""

    loss: Literal["soft_ce"]
    label_smoothing: Probability
    mixup: Mixup | None
    augmentation: Augmentation
    optimizer: Optimizer


class Method(Params):
    """One method file, its `base` resolved."""

    name: str
    display: str  # the name in tables
    description: str
    train: bool  # false: evaluated with CLIP's weights as they are
    init: Init | Literal["clip"]  # the weights that a training starts from
    micro_batch: dict[str, Annotated[int, Field(ge=1)]]  # by protocol, where it differs from the protocol's own
    vision: Vision
    tc: TemporalContext | None
    pos: Literal["space", "joint"]  # position table shared by all frames | one per frame (Table 9a)
    text: Text
    names: Names
    temporal_head: Literal["mean"]
    norm: Literal["imagenet", "clip"]  # pixel statistics
    sampling: Literal["tsn"]
    we: WeightEnsemble
    recipe: Recipe

    @model_validator(mode="after")
    def _sections_fit(self) -> Method:
        check_sections(self.vision, self.tc)
        return self

    @model_validator(mode="after")
    def _rephrased_names_have_a_stand_in(self) -> Method:
        if (self.names.source == "llm") != (self.names.otherwise is not None):
            raise ValueError("names.otherwise belongs to names.source llm, which needs it, and to no other source")
        return self

    @model_validator(mode="after")
    def _text_sees_what_there_is(self) -> Method:
        if self.text.looks_at == "context" and self.vision.ref != "context":
            raise ValueError(
                f"text.mode '{self.text.mode}' needs vision.ref 'context', whose tokens it looks at "
                f"(vision.ref is '{self.vision.ref}')"
            )
        return self

    @model_validator(mode="after")
    def _nothing_is_idle(self) -> Method:
        if self.vision.ref == "none" and self.vision.bias:
            raise ValueError("vision.bias true has no effect with vision.ref 'none': no layer reads reference tokens")
        if self.vision.ref != "context" and self.tc is not None:
            raise ValueError(f"section tc has no effect with vision.ref '{self.vision.ref}': set it to 'context'")
        return self


# The keys that no training depends on.
NOT_TRAINED: dict[str, Any] = {
    "name": True,
    "display": True,
    "description": True,
    "micro_batch": True,  # a part of the run's protocol by then
    "names": {"otherwise"},
    "we": True,
    "tc": {"trace"},
}


def _resolved(name: str) -> dict[str, Any]:
    variant = variant_named(name)
    if variant:
        base = _resolved(variant.base)
        known = str(base.get("display", variant.base))
        naming = {"display": variant.display_over(known), "description": variant.description_over(known)}
        return merge(base, {**naming, **undotted(variant.changes)})
    content = read_yaml(path_of("methods", name))
    base = content.pop("base", None)
    return merge(_resolved(base), content) if base else content


def base_of(name: str) -> str:
    """The method that a method says to differ from: of its file, or of the row that makes it."""
    variant = variant_named(name)
    return variant.base if variant else str(read_yaml(path_of("methods", name)).get("base", "_base"))


def load_method(name: str, overrides: dict[str, Any] | None = None, where: str | None = None) -> Method:
    """Read a method, or a variant of one, with its base; `overrides` are dotted keys: {"tc.alpha": 0.4, "tc.k": 7}.

    `where` is the file that the overrides come from, if any.
    """
    content, place = _resolved(name), place_of(name)
    if not overrides:
        return validate({**content, "name": name}, Method, place)
    changed = merge(content, undotted(overrides))
    try:
        return validate({**changed, "name": name}, Method, f"{where} (put over {place})" if where else place)
    except UserError:
        load_method(name)  # a mistake of its own is told as its own
        raise
