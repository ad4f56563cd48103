"""Several fixed prompts around the class name, whose probabilities are averaged in a test (methods.md 3.2)."""

from __future__ import annotations

import math

from torch import Tensor

from tcclip.models.text.text_part import TextPart
from tcclip.params.architecture import BackboneConfig
from tcclip.params.kinds.text.templates import Settings


def make(settings: Settings, config: BackboneConfig, tokens: Tensor) -> TextPart:
    """CLIP's text tower as it is, over n texts of each class."""
    return TextPart(of_class=len(settings.prompts), joined=mean_probability, test_scale=settings.test_scale)


def mean_probability(logits: Tensor) -> Tensor:
    """Logits (B, n, C) -> the logarithm of mean_n softmax_C, (B, C): logits whose softmax is that mean."""
    return logits.log_softmax(dim=-1).logsumexp(dim=1) - math.log(logits.shape[1])
