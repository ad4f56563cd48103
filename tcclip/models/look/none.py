"""Texts do not depend on the video."""

from __future__ import annotations

from tcclip.models.look.looking import Look
from tcclip.params.architecture import BackboneConfig
from tcclip.params.kinds.look.none import Settings


def make(settings: Settings, config: BackboneConfig) -> Look:
    """No look."""
    return Look()
