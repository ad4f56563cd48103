"""Frames do not see each other: CLIP's vision tower on every frame by itself."""

from __future__ import annotations

from tcclip.models.vision.exchange import FrameExchange
from tcclip.params.architecture import BackboneConfig
from tcclip.params.kinds.vision.none import Settings
from tcclip.params.method import Method


def make(settings: Settings, method: Method, config: BackboneConfig, frames: int) -> FrameExchange:
    """No reference tokens."""
    return FrameExchange()
