"""Every frame also sees the [CLS] tokens of all frames, its own included: T more keys."""

from __future__ import annotations

from torch import Tensor

from tcclip.models.attention import Attended
from tcclip.models.vision.exchange import FrameExchange
from tcclip.models.vision.reference import shared
from tcclip.params.architecture import BackboneConfig
from tcclip.params.kinds.vision.cls import Settings
from tcclip.params.method import Method


def make(settings: Settings, method: Method, config: BackboneConfig, frames: int) -> FrameExchange:
    """Reference tokens taken from the frames."""
    infuse = frozenset(number - 1 for number in settings.infusing(config.vision_layers))
    taken = settings.reference_tokens(frames, config.patches + 1)
    return FrameExchange(infuse, cls_tokens, bias=settings.bias, taken=taken)


def cls_tokens(query: Tensor, key: Tensor, value: Tensor, table: Tensor | None) -> Attended:
    """A frame sees the [CLS] tokens of all frames, its own included: T more keys."""
    return shared(query, (key, value), (key[:, :, 0], value[:, :, 0]), table)
