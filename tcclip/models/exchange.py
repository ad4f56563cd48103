"""How frames see each other, from a method's keys `vision` and `tc`."""

from __future__ import annotations

from torch import Tensor

from tcclip.models.layers import ContextRecipe
from tcclip.models.reference import adjacent, all_frames, cls_tokens
from tcclip.models.selection import ALL_QUERIES, selector
from tcclip.models.summarising import fixed_draws, summarizer, weigher
from tcclip.models.vision import FrameExchange
from tcclip.params.architecture import BackboneConfig
from tcclip.params.method import Method
from tcclip.params.vision import TemporalContext, check_layers, infusing_layers, summarising_layers


def frame_exchange(method: Method, config: BackboneConfig) -> FrameExchange:
    """The layers that read and make reference tokens, and how; UserError where the backbone has not these layers."""
    vision, layers = method.vision, config.vision_layers
    check_layers(method, layers)
    references = {"cls": cls_tokens, "adjacent": adjacent(vision.edge), "all": all_frames}
    return FrameExchange(
        infuse=frozenset(number - 1 for number in infusing_layers(vision, layers)),
        frames=references.get(vision.ref),
        summarise=frozenset(number - 1 for number in summarising_layers(vision, layers)),
        recipe=context_recipe(method.tc, config.patches) if vision.ref == "context" and method.tc else None,
    )


def context_recipe(tc: TemporalContext, patches: int) -> ContextRecipe:
    """How a layer makes context tokens from frames of `patches`."""
    return ContextRecipe(
        selector(tc, patches),
        weigher(tc),
        summarizer(tc),
        all_queries=tc.slices or tc.selector in ALL_QUERIES or tc.summarizer in ALL_QUERIES,
    )


def draws_of(method: Method, config: BackboneConfig, frames: int) -> Tensor | None:
    """The draws of evaluation for videos of `frames`, (layers, seeds); None where nothing is random."""
    if method.vision.ref != "context" or method.tc is None:
        return None
    return fixed_draws(method.tc, config.vision_layers, method.tc.seeds(config.patches) * frames)
