"""Temporal contextualization: k context tokens of the layer before join every frame's keys (paper, 3.2)."""

from __future__ import annotations

from tcclip.models.selector.chosen import Selector
from tcclip.models.summarizer.summary import Summarizer
from tcclip.models.vision.exchange import FrameExchange
from tcclip.models.vision.layers import ContextRecipe
from tcclip.params.architecture import BackboneConfig
from tcclip.params.kinds.make import make as make_kind
from tcclip.params.kinds.vision.context import Settings
from tcclip.params.method import Method


def make(settings: Settings, method: Method, config: BackboneConfig, frames: int) -> FrameExchange:
    """The layers that read and make context tokens, and how they are made."""
    assert method.tc is not None
    tc, layers = method.tc, config.vision_layers
    count = tc.seeds(config.patches)
    selector: Selector = make_kind(tc.selector, count)
    summarizer: Summarizer = make_kind(tc.summarizer, tc.k)
    return FrameExchange(
        infuse=frozenset(number - 1 for number in settings.infusing(layers)),
        summarise=frozenset(number - 1 for number in settings.summarising(layers)),
        recipe=ContextRecipe(
            selector.select,
            summarizer.weigh,
            summarizer.summarise,
            all_queries=selector.all_queries or summarizer.all_queries,
        ),
        bias=settings.bias,
        fixed_draws=summarizer.fixed_draws(layers, count * frames) if summarizer.fixed_draws else None,
        seeds=count * frames,
    )
