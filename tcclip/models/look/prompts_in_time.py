"""Video-conditional prompting at context tokens with a time code: the block of `prompts`, which sees the code too."""

from __future__ import annotations

from tcclip.models.look.looking import Look, look, looking_part
from tcclip.params.architecture import BackboneConfig
from tcclip.params.kinds.look.prompts_in_time import Settings


def make(settings: Settings, config: BackboneConfig) -> Look:
    """The looking block, at the context tokens."""
    return Look(settings.looks_at, prompts=look, part=looking_part(settings.kind, config))
