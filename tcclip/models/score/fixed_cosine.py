"""The cosine at a temperature that is not trained."""

from __future__ import annotations

import torch
from torch import Tensor

from tcclip.models.score.cosine import cosine
from tcclip.models.score.scoring import Score
from tcclip.params.kinds.score.fixed_cosine import Settings


def make(settings: Settings) -> Score:
    """The cosine divided by the settings' temperature; the model's own scale gets no gradient."""

    def fixed(videos: Tensor, texts: Tensor, scale: Tensor) -> Tensor:
        return cosine(videos, texts, torch.full_like(scale, 1 / settings.temperature))

    return fixed
