"""What a kind of text adds to CLIP's tower."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from torch import Tensor, nn

from tcclip.models.part import Part
from tcclip.models.text.tower import Rows

# The part's weights, what the rows are, embeddings (P+R, W) of their ids -> the embeddings with the part's own vectors
Put = Callable[[nn.Module, Rows, Tensor], Tensor]


def as_they_are(tokens: Tensor) -> Tensor:
    """A text's tokens are the rows that the tower reads."""
    return tokens


class TextPart(NamedTuple):
    """Learned vectors among a text's rows; part None: there are none."""

    prompts: int = 0  # learned vectors at positions 1.., which a look may make a video's own
    part: Part | None = None
    put: Put | None = None  # how the part's vectors come into the rows
    shared: int | None = None  # leading rows that all texts share; None: as many as their ids have in common
    # Token ids (C, L), padded with 0 -> ids of the rows (C, L'), tower.LEARNED where a vector without a token stands
    lay: Callable[[Tensor], Tensor] = as_they_are
    of_class: int = 1  # n, texts of each class
    # What their features become, (..., n, C, E) -> (..., C, E); None: they stay several
    together: Callable[[Tensor], Tensor] | None = None
    # What a test makes of logits with all of them, (B, n, C) -> (B, C); in training a video has one that is drawn
    joined: Callable[[Tensor], Tensor] | None = None
    # The numbers of those texts of every class that a training step reads, drawn from its stream; None: all of them
    of_step: Callable[[np.random.Generator], tuple[int, ...]] | None = None
    test_scale: float | None = None  # of the cosine in a test; None: the trained one
