"""Video-conditional prompting: learned prompt vectors look at the video before the last text layer (Eq. 11, 12)."""

from __future__ import annotations

from tcclip.models.look.looking import Look, look, looking_part
from tcclip.params.architecture import BackboneConfig
from tcclip.params.kinds.look.prompts import Settings


def make(settings: Settings, config: BackboneConfig) -> Look:
    """The looking block, at the features that the settings name."""
    return Look(settings.looks_at, prompts=look, part=looking_part(settings.kind, config))
