"""Prompts with a class's short name before its rephrased name, and that alone (systems/froster.md, facts 3 and 4)."""

from __future__ import annotations

from functools import partial

import numpy as np
from torch import Tensor

from tcclip.models.text.templates_mean import mean_of_normed
from tcclip.models.text.text_part import TextPart
from tcclip.params.architecture import BackboneConfig
from tcclip.params.kinds.text.rephrased import Settings


def make(settings: Settings, config: BackboneConfig, tokens: Tensor) -> TextPart:
    """CLIP's text tower as it is; all texts of a class become one feature in a test, two of them in a training step."""
    prompts = len(settings.prompts)
    return TextPart(of_class=prompts + 1, together=mean_of_normed, of_step=partial(one_and_the_last, prompts))


def one_and_the_last(prompts: int, rng: np.random.Generator) -> tuple[int, int]:
    """The forms that a training step reads of every class: a drawn prompt's, and the rephrased name (fact 4)."""
    return int(rng.integers(prompts)), prompts
