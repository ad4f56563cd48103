"""Learned vectors before the class name, of each class or the same for all (Vita-CLIP; systems/vita_clip.md 3)."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor, nn

from tcclip.models.initial_values import drawn, normal
from tcclip.models.part import STD, Part
from tcclip.models.text.text_part import TextPart
from tcclip.models.text.tower import Rows
from tcclip.params.architecture import BackboneConfig
from tcclip.params.kinds.text.vectors import Settings

NAME = "text_prompts"


def make(settings: Settings, config: BackboneConfig, tokens: Tensor) -> TextPart:
    """Vectors at the positions 1..n of texts (C, L), where these have words that nobody reads."""
    shape = (settings.n_ctx, config.text_width)
    start = drawn({NAME: normal(STD)})
    if settings.per_class:
        part = Part("text", "", partial(TextPrompts, (len(tokens), *shape)), start)
        return TextPart(part=part, put=of_each_class, shared=1)
    part = Part("text", "", partial(TextPrompts, shape), start)
    return TextPart(settings.n_ctx, part, of_all_classes, shared=1 + settings.n_ctx)


class TextPrompts(nn.Module):
    """The vectors, (C, n, W) or (n, W)."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.register_parameter(NAME, nn.Parameter(torch.empty(shape)))


def of_all_classes(own: nn.Module, rows: Rows, embedded: Tensor) -> Tensor:
    """The vectors are the rows 1..n, which all texts share."""
    vectors = own.get_parameter(NAME)  # (n, W)
    return torch.cat([embedded[:1], vectors, embedded[1 + len(vectors) :]])


def of_each_class(own: nn.Module, rows: Rows, embedded: Tensor) -> Tensor:
    """The positions 1..n of each text are its own vectors."""
    vectors = own.get_parameter(NAME)  # (C, n, W)
    count = vectors.shape[1]
    learned = (rows.positions > 0) & (rows.positions <= count)
    place = rows.texts * count + (rows.positions - 1).clamp(0, count - 1)
    return torch.where(learned[:, None], vectors.flatten(0, 1).index_select(0, place), embedded)
