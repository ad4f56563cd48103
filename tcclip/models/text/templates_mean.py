"""Several fixed prompts around the class name, whose features are averaged (docs/spec/systems/open_vclip.md 2)."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from tcclip.models.text.text_part import TextPart
from tcclip.params.architecture import BackboneConfig
from tcclip.params.kinds.text.templates_mean import Settings


def make(settings: Settings, config: BackboneConfig, tokens: Tensor) -> TextPart:
    """CLIP's text tower as it is, over n texts of each class that become one feature."""
    return TextPart(of_class=len(settings.prompts), together=mean_of_normed)


def mean_of_normed(texts: Tensor) -> Tensor:
    """Features (..., n, C, E), not normalised -> (..., C, E): each normalised, their mean, normalised."""
    return F.normalize(F.normalize(texts, dim=-1).mean(dim=-3), dim=-1)
