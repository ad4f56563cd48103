"""A random CLIP of a suite's sizes, class texts of realistic lengths, and noise videos: nothing is downloaded."""

from __future__ import annotations

import itertools

import torch
from torch import Tensor

from tcclip.models import Backbone, BackboneConfig
from tcclip.models.class_texts import class_prompts
from tcclip.models.config import END, START
from tcclip.params import Method, load_suite
from tcclip.params.kinds.text._text import words_in

# Tokens of ten class names in turn. With "a photo of a .", start and end that is 9.3 on average and 14 at most, as in
# Kinetics-400 (FACTS.md 14).
NAME_TOKENS = (1, 2, 1, 2, 3, 2, 1, 2, 7, 2)
WORD = 1000  # any token id


def config_of(suite: str) -> BackboneConfig:
    """The sizes of a suite's backbone."""
    return load_suite(suite).backbone.architecture


def class_names(classes: int) -> list[str]:
    """Names that differ."""
    return [f"class {number}" for number in range(classes)]


def with_texts(backbone: Backbone, method: Method, classes: int) -> Backbone:
    """`backbone` with token ids for `class_names`, whatever the prompt's words."""
    ids, names = {}, class_names(classes)
    for (number, name), text in zip(itertools.cycle(enumerate(names)), class_prompts(method, names), strict=False):
        before, after = ([WORD] * words_in(part) for part in text.split(name))
        tokens = [WORD + (7 * number + place) % 40000 for place in range(NAME_TOKENS[number % len(NAME_TOKENS)])]
        ids[text] = [START, *before, *tokens, *after, END]
    return Backbone(backbone.config, backbone.tensors, ids)


def videos(config: BackboneConfig, batch: int, frames: int, device: torch.device) -> Tensor:
    """Noise (B, T, 3, H, W), the same for every row."""
    stream = torch.Generator().manual_seed(0)
    size = config.image_size
    return torch.randn(batch, frames, 3, size, size, generator=stream).to(device)
