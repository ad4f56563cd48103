"""Zero-shot accuracy of a small CLIP on stills that it was not trained on."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from tcclip.backbone.pretraining.framewise import framewise
from tcclip.backbone.pretraining.pictures import centred
from tcclip.data.resizing import stored_side
from tcclip.mini.classes import COLOURS, SHAPES
from tcclip.mini.stills import stills
from tcclip.models.backbone import Backbone
from tcclip.models.canonical import POSITIONS
from tcclip.models.tokens import token_rows, tokenize
from tcclip.params.suite import Pretraining

PICTURES = 1000
BATCH = 100


@dataclass(frozen=True)
class Check:
    """Stills whose caption names one colour and shape, told among "a photo of a <colour> <shape>." of all pairs."""

    pictures: int
    classes: int
    top1: float  # percent
    chance: float  # percent


def zero_shot(backbone: Backbone, recipe: Pretraining) -> Check:
    """Measure `backbone` on unseen stills."""
    size = backbone.config.image_size
    pixels, captions = stills(PICTURES, stored_side(size), recipe.seed + 1)
    names = [f"{colour} {shape}" for colour in COLOURS for shape in SHAPES]
    labels = torch.tensor([only_name(caption, names) for caption in captions])
    texts = [f"a photo of a {name}." for name in names]
    rows = token_rows(texts, tokenize(texts), POSITIONS)
    model = framewise(backbone.config, rows, backbone.tensors["token_embedding.weight"])
    model.load_state_dict(dict(backbone.tensors), strict=True)
    images = centred(torch.from_numpy(pixels), size, recipe.norm)
    with torch.inference_mode():
        readers = model.encode_classes()
        logits = torch.cat([model(part[:, None], readers) for part in torch.split(images, BATCH)])  # (n, C)
    known = labels >= 0
    right = (logits.argmax(dim=1) == labels)[known].double().mean()
    return Check(int(known.sum()), len(names), 100 * float(right), 100 / len(names))


def only_name(caption: str, names: list[str]) -> int:
    """Position of the one name that `caption` holds; -1 if it holds none or several."""
    held = [i for i, name in enumerate(names) if name in caption]
    return held[0] if len(held) == 1 else -1
