"""Learned vectors before and after the bare class name, from a table by their position in the text (methods.md 3.3).

A name of m tokens is read as [SOT], a rows of the table, the name, b rows of the table, [EOT]. Every vector is the row
of the place where it stands: those after the name differ with its length, and rows under tokens are not used.
"""

from __future__ import annotations

from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tcclip.models.canonical import POSITIONS
from tcclip.models.initial_values import drawn, normal
from tcclip.models.part import Part
from tcclip.models.text.text_part import TextPart
from tcclip.models.text.tower import LEARNED, Rows
from tcclip.models.tokens import end_positions
from tcclip.params.architecture import BackboneConfig
from tcclip.params.kinds.text.table import Settings

DEVIATION = 0.01  # of the first values (methods.md 3.3)


def make(settings: Settings, config: BackboneConfig, tokens: Tensor) -> TextPart:
    """A table for all positions of CLIP's text tower."""
    start = drawn({"prompt_table": normal(DEVIATION)})
    part = Part("text", "", partial(PromptTable, config.text_width), start, new_rate=True)
    return TextPart(part=part, put=put, lay=partial(around_names, before=settings.before, after=settings.after))


class PromptTable(nn.Module):
    """A vector for every position, (77, W)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.prompt_table = nn.Parameter(torch.empty(POSITIONS, width))


def around_names(tokens: Tensor, before: int, after: int) -> Tensor:
    """Texts (C, L) of [SOT], name, [EOT], padded with 0 -> rows (C, L + before + after), LEARNED around the names."""
    tokens = F.pad(tokens, (0, before + after))
    last = end_positions(tokens)[:, None] - 1  # (C, 1): of the name, before it is moved
    place = torch.arange(tokens.shape[1], device=tokens.device).expand(len(tokens), -1)
    end = last + before + after + 1
    of_name = (place > before) & (place <= last + before)
    source = torch.where(of_name, place - before, torch.where(place == end, last + 1, 0))  # where a row's token was
    rows = tokens.gather(1, source)
    rows = torch.where((place > 0) & (place < end) & ~of_name, LEARNED, rows)
    return torch.where(place > end, 0, rows)


def put(own: nn.Module, rows: Rows, embedded: Tensor) -> Tensor:
    """A row without a token is the table's row of its position."""
    learned = own.get_parameter("prompt_table")[rows.positions]  # (P+R, W)
    return torch.where((rows.ids == LEARNED)[:, None], learned, embedded)
