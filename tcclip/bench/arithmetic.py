"""A method's cost by arithmetic: parameters, and multiply-accumulates as the paper counts them (methods.md 9).

The paper's "GFLOPs" are multiply-accumulates of one view and one text of 77 tokens, each layer in full; norms,
activations, the choice of seeds and VP do not count. The token table is no parameter. Nothing is run: layers have
shapes only (the meta device).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch.utils.flop_counter import FlopCounterMode

from tcclip.bench.cases import Case, Settings
from tcclip.bench.world import class_names, with_texts
from tcclip.models import Backbone, BackboneConfig, skeleton
from tcclip.models.class_part import ClassPart
from tcclip.models.class_texts import class_prompts
from tcclip.models.config import END, POSITIONS, START, canonical_shapes
from tcclip.models.tokens import token_rows
from tcclip.params import Method
from tcclip.params.kinds.make import make
from tcclip.training.trained import freeze_others, learning_of


def parameters(method: Method, config: BackboneConfig, frames: int) -> int:
    """Trained numbers of the method's model."""
    return sum(p.numel() for p in skeleton(method, config, _longest_text(), frames).parameters())


def macs(method: Method, config: BackboneConfig, frames: int) -> int:
    """Multiply-accumulates of one view of `frames` frames and one text, by the paper's convention."""
    width, patches = config.vision_width, config.patches
    embedding = patches * 3 * config.patch_size**2 * width
    vision = embedding + config.vision_layers * _block(patches + 1, width) + width * config.embed_dim
    text = config.text_layers * _block(POSITIONS, config.text_width) + config.text_width * config.embed_dim
    return frames * vision + text + _reference(method, config, frames)


def flops(case: Case, settings: Settings, config: BackboneConfig) -> int:
    """Floating-point operations of one step of a method as it is written here, 2 per multiply-accumulate."""
    method = settings.method(case.subject)
    shapes = {name: torch.empty(shape, device="meta") for name, shape in canonical_shapes(config).items()}
    named = with_texts(Backbone(config, shapes), method, case.classes)
    tokens = token_rows(class_prompts(method, class_names(case.classes)), named.tokens, method.text.context_length)
    model = skeleton(method, config, tokens, settings.frames).to("meta")
    size = (case.micro, settings.frames, 3, config.image_size, config.image_size)
    video = torch.empty(size, device="meta")
    if case.mode == "eval":
        with torch.no_grad():
            classes = model.finished(model.encode_classes())
            return _counted(lambda: model(torch.empty(case.batch, *size[1:], device="meta"), classes))
    freeze_others(model, learning_of(model, method))
    shared = ClassPart.of(model)
    each = _counted(lambda: model(video, shared.cut).sum().backward())
    ends = _counted(model.encode_classes) + _counted(shared.backward) if shared.trained else 0
    return each * (case.batch // case.micro) + ends


def _counted(work: Callable[[], object]) -> int:
    with FlopCounterMode(display=False) as counter:
        work()
    return int(counter.get_total_flops())


def _block(tokens: int, width: int) -> int:
    """Projections and feed-forward, and the two products of attention."""
    return 12 * tokens * width**2 + 2 * tokens**2 * width


def _reference(method: Method, config: BackboneConfig, frames: int) -> int:
    """What reference tokens add: making context tokens, their projections and feed-forward, and being attended to."""
    exchange, width, places = make(method.vision, method, config, frames), config.vision_width, config.patches + 1
    making, tokens = 0, int(method.vision.reference_tokens(frames, places))
    if exchange.recipe is not None and method.tc is not None:
        count = frames * method.tc.seeds(config.patches)
        seeds, each = torch.empty(1, count, width, device="meta"), torch.empty(1, count, device="meta")
        summarise = exchange.recipe.summarise
        tokens = summarise(seeds, each, each).context.shape[1]
        making = _counted(lambda: summarise(seeds, each, each)) // 2 + 8 * tokens * width**2
    projections = 2 * tokens * width**2 if exchange.recipe is not None else 0
    attention = 2 * frames * places * tokens * width
    return len(exchange.summarise) * making + len(exchange.infuse) * (projections + attention)


def _longest_text() -> torch.Tensor:
    return torch.tensor([[START, *range(1, POSITIONS - 1), END]])
