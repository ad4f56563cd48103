"""A random CLIP of a suite's sizes, class texts of realistic lengths, and noise videos: nothing is downloaded."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import torch
from torch import Tensor

from tcclip.models import Backbone, BackboneConfig
from tcclip.models.class_texts import class_prompts
from tcclip.models.config import END, START
from tcclip.params import Method, load_suite
from tcclip.params.kinds.text._text import words_in
from tcclip.params.texts import OutsideTexts

# Tokens of ten class names in turn. With "a photo of a .", start and end that is 9.3 on average and 14 at most, as in
# Kinetics-400 (FACTS.md 14).
NAME_TOKENS = (1, 2, 1, 2, 3, 2, 1, 2, 7, 2)
WORD = 1000  # any token id
DESCRIPTORS, WORDS = 4, 14  # of a class, as in what is published


def config_of(suite: str) -> BackboneConfig:
    """The sizes of a suite's backbone."""
    return load_suite(suite).backbone.architecture


def class_names(classes: int) -> list[str]:
    """Names that differ."""
    return [f"class {number}" for number in range(classes)]


def outside_texts(names: Sequence[str]) -> OutsideTexts:
    """Texts from outside of every kind, for methods that need some."""
    return {
        "rephrased": {name: (f"{name}: somebody does something with something",) for name in names},
        "descriptors": {name: tuple(f"{name} thing {n}" for n in range(2 * DESCRIPTORS)) for name in names},
        "class_words": {name: tuple(f"{name} word {n}" for n in range(WORDS)) for name in names},
    }


def with_texts(backbone: Backbone, method: Method, classes: int) -> Backbone:
    """`backbone` with token ids for the texts of `class_names`, whatever the words around them."""
    ids, names = {}, class_names(classes)
    texts = class_prompts(method, names, outside_texts(names))
    for (number, name), text in zip(itertools.cycle(enumerate(names)), texts, strict=False):
        tokens = [WORD + (7 * number + place) % 40000 for place in range(NAME_TOKENS[number % len(NAME_TOKENS)])]
        first, *others = ([WORD] * words_in(part) for part in text.split(name))
        ids[text] = [START, *first, *itertools.chain.from_iterable([*tokens, *part] for part in others), END]
    return Backbone(backbone.config, backbone.tensors, ids)


def videos(config: BackboneConfig, batch: int, frames: int, device: torch.device) -> Tensor:
    """Noise (B, T, 3, H, W), the same for every row."""
    stream = torch.Generator().manual_seed(0)
    size = config.image_size
    return torch.randn(batch, frames, 3, size, size, generator=stream).to(device)
