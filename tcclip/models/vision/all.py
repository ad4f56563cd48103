"""Joint space-time attention: one softmax over the tokens of all frames."""

from __future__ import annotations

from torch import Tensor

from tcclip.models.attention import Attended
from tcclip.models.vision.exchange import FrameExchange
from tcclip.params.architecture import BackboneConfig
from tcclip.params.kinds.vision.all import Settings
from tcclip.params.method import Method


def make(settings: Settings, method: Method, config: BackboneConfig, frames: int) -> FrameExchange:
    """Reference tokens taken from the frames."""
    infuse = frozenset(number - 1 for number in settings.infusing(config.vision_layers))
    taken = settings.reference_tokens(frames, config.patches + 1)
    return FrameExchange(infuse, all_frames, bias=settings.bias, taken=taken)


def all_frames(query: Tensor, key: Tensor, value: Tensor, table: Tensor | None) -> Attended:
    """Every token sees the tokens of all frames: one attention over T*M keys of a video, none of them copied."""
    del table  # own and other frames share one attention; params refuse a bias here
    return Attended(query, key.flatten(1, 2)[:, None], value.flatten(1, 2)[:, None], key.shape[2] - 1)
