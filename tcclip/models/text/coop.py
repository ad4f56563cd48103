"""Learned prompt vectors in the place of the prompt's first words, the same for all classes and videos (CoOp)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import torch
from torch import Tensor, nn

from tcclip.errors import UserError
from tcclip.models.part import Part
from tcclip.models.text.text_part import TextPart
from tcclip.models.text.tower import Rows
from tcclip.models.tokens import shared_prefix
from tcclip.params.architecture import BackboneConfig
from tcclip.params.kinds.text.coop import Settings

PREFIX = "vp"  # shared with the block in which the prompts look at a video


def make(settings: Settings, config: BackboneConfig, tokens: Tensor) -> TextPart:
    """Prompt vectors that start as the embeddings of the first words of the texts (C, L)."""
    count = settings.n_ctx
    if shared_prefix(tokens) < 1 + count:
        raise UserError(
            f"text.prompt '{settings.prompt}' must begin with at least text.n_ctx = {count} tokens before {{name}}"
        )

    def start(names: Mapping[str, torch.Size], clip: Mapping[str, Tensor], seed: int) -> dict[str, Tensor]:
        table, words = clip["token_embedding.weight"], tokens[0, 1 : 1 + count]
        return {name: torch.clone(table[words.to(table.device)]) for name in names}

    part = Part("text", PREFIX, partial(PromptVectors, count, config.text_width), start, new_rate=True)
    return TextPart(count, part, put, shared=1 + count)


def put(own: nn.Module, rows: Rows, embedded: Tensor) -> Tensor:
    """The vectors are the rows 1..n, which all texts share."""
    vectors = own.get_parameter("prompt_vectors")
    return torch.cat([embedded[:1], vectors, embedded[1 + len(vectors) :]])


class PromptVectors(nn.Module):
    """Learned vectors (n, W)."""

    def __init__(self, count: int, width: int) -> None:
        super().__init__()
        self.prompt_vectors = nn.Parameter(torch.empty(count, width))
