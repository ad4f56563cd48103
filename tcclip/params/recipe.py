"""The section `recipe`: how a method is trained; epochs, rates and batches belong to the protocol."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from tcclip.params.kinds.axis import Kind
from tcclip.params.kinds.flat_keys import SectionOfKinds
from tcclip.params.kinds.one_of import OneOf
from tcclip.params.numbers import Positive, Probability
from tcclip.params.reader import Params


class Optimizer(Params):
    """AdamW."""

    betas: tuple[Probability, Probability]  # decay of the moving averages of gradients and of their squares
    eps: Positive  # added to the denominator
    weight_decay: Annotated[float, Field(ge=0)]  # decoupled from the gradient
    new_lr_factor: Positive  # learning-rate factor of prompt vectors and VP
    half_weights: bool = False  # CLIP's matrices are held in float16 without a float32 copy: small steps are lost
    clip_norm: Positive | None = None  # longest gradient of a step, all weights together; null: of any length


class Recipe(SectionOfKinds):
    """How a method is trained. Keys of its kinds may stand beside them in the section."""

    source: str  # whose recipe it is, for the note under a table
    objective: Annotated[Kind, OneOf("objective")]  # what is minimised
    augmentation: Annotated[Kind, OneOf("augmentation")]  # what is changed in a clip
    schedule: Annotated[Kind, OneOf("schedule")]  # how the rate rises and falls
    optimizer: Optimizer  # AdamW's constants; the rates belong to the protocol
