"""A random CLIP of a suite's sizes, class texts of realistic lengths, and noise videos: nothing is downloaded."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from tcclip.models import Backbone, BackboneConfig
from tcclip.models.canonical import END, START
from tcclip.models.class_texts import class_prompts
from tcclip.params import Method, load_suite
from tcclip.params.kinds.text._text import words_in
from tcclip.params.texts import OutsideTexts
from tcclip.training.objective.objective import Written

# Tokens of ten class names in turn. With "a photo of a .", start and end that is 9.3 on average and 14 at most, as in
# Kinetics-400 (FACTS.md 14).
NAME_TOKENS = (1, 2, 1, 2, 3, 2, 1, 2, 7, 2)
WORD = 1000  # any token id
DESCRIPTORS, WORDS = 4, 14  # of a class, as in what is published
CAPTIONED = 5  # words of a video, in the mean of what is published


def config_of(suite: str) -> BackboneConfig:
    """The sizes of a suite's backbone."""
    return load_suite(suite).backbone.architecture


def class_names(classes: int) -> list[str]:
    """Names that differ."""
    return [f"class {number}" for number in range(classes)]


def video_labels(videos: int, classes: int) -> dict[str, int]:
    """Names of videos that differ, and their labels: of all classes in turn."""
    return {f"video {number}": number % classes for number in range(videos)}


def outside_texts(names: Sequence[str], videos: Iterable[str] = ()) -> OutsideTexts:
    """Texts from outside of every kind, for methods that need some."""
    return {
        "rephrased": {name: (f"{name}: somebody does something with something",) for name in names},
        "descriptors": {name: tuple(f"{name} thing {n}" for n in range(2 * DESCRIPTORS)) for name in names},
        "class_words": {name: tuple(f"{name} word {n}" for n in range(WORDS)) for name in names},
        "video_words": {video: tuple(f"{video} word {n}" for n in range(CAPTIONED)) for video in videos},
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


def written(method: Method, backbone: Backbone, classes: int, videos: int) -> Written:
    """What is written of so many classes and videos; the words of texts beside those of the classes are one token."""
    names, labels = class_names(classes), video_labels(videos, classes)
    outside = outside_texts(names, labels)
    beside = enumerate(method.recipe.objective.texts_beside(outside))
    ids = {text: [START, WORD + number % 40000, WORD, END] for number, text in beside}
    return Written(names, class_prompts(method, names, outside), labels, outside, {**backbone.tokens, **ids})


def videos(config: BackboneConfig, batch: int, frames: int, device: torch.device) -> Tensor:
    """Noise (B, T, 3, H, W), the same for every row."""
    stream = torch.Generator().manual_seed(0)
    size = config.image_size
    return torch.randn(batch, frames, 3, size, size, generator=stream).to(device)
