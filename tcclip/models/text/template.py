"""A fixed prompt around the class name: nothing is learned."""

from __future__ import annotations

from torch import Tensor

from tcclip.models.text.text_part import TextPart
from tcclip.params.architecture import BackboneConfig
from tcclip.params.kinds.text.template import Settings


def make(settings: Settings, config: BackboneConfig, tokens: Tensor) -> TextPart:
    """CLIP's text tower as it is."""
    return TextPart()
