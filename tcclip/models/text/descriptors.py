"""Descriptors of a class, of two types, which a score sees all at once (OST; methods.md 3.9, systems/ost.md 2)."""

from __future__ import annotations

from torch import Tensor

from tcclip.models.text.text_part import TextPart
from tcclip.params.architecture import BackboneConfig
from tcclip.params.kinds.text.descriptors import TYPES, Settings


def make(settings: Settings, config: BackboneConfig, tokens: Tensor) -> TextPart:
    """CLIP's text tower as it is, over 2n texts of each class."""
    return TextPart(of_class=TYPES * settings.count, together=by_class)


def by_class(texts: Tensor) -> Tensor:
    """Features (..., 2n, C, E), the spatial ones first -> (..., C, 2, n, E)."""
    *before, rows, classes, width = texts.shape
    return texts.reshape(*before, TYPES, rows // TYPES, classes, width).movedim(-2, -4)
