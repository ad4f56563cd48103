"""The section `train` of a method: which weights are trained, at which rate, and which of them decay."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from tcclip.params.kinds.axes import AXES
from tcclip.params.numbers import Positive
from tcclip.params.reader import Params, nearest

CLIPS = ("vision", "text", "logit_scale")  # CLIP's image tower, its text tower, and the factor of the cosine
# Axis -> the part of what its kind adds, where CLIP has the axis' name, or the axis is none of the model's
ADDED = {"vision": "exchange", "text": "prompts", "objective": "projector"}
OF_MODEL = [axis for axis, package in AXES.items() if package.startswith("tcclip.models.")]
PARTS = (*CLIPS, *(ADDED.get(axis, axis) for axis in (*OF_MODEL, "objective")))


class Trained(Params):
    """What a method trains. Parts are CLIP's two towers and its scale, and what the kinds of an axis add."""

    # vision, text, logit_scale: CLIP's | exchange (of vision.kind), prompts (of text.kind), look, pool: added ones |
    # projector: of an objective
    parts: list[str] | Literal["all"] = "all"
    token_table: bool = False  # CLIP's embeddings of tokens too; as a weight of CLIP's text tower, whatever the parts
    lr_factor: dict[str, Positive] = Field(default_factory=dict)  # by part; else 1, or new_lr_factor of what is new
    # weight decay on all | on none that has fewer than two dimensions | on none of these and no position table |
    # on none that has just one dimension, so that the factor of the cosine, which is a number alone, decays
    decay: Literal["all", "matrices", "no_positions", "no_vectors"] = "all"

    @field_validator("parts", "lr_factor")
    @classmethod
    def _parts_are_known(cls, parts: list[str] | dict[str, float] | str) -> list[str] | dict[str, float] | str:
        if not isinstance(parts, str):
            if unknown := [part for part in parts if part not in PARTS]:
                raise ValueError(f"no part of a model is called '{unknown[0]}': {nearest(unknown[0], list(PARTS))}")
            if isinstance(parts, list) and not parts:
                raise ValueError("nothing would be trained: set train: false, or name a part")
        return parts
