"""Late fusion: the finished text features look at the context tokens (Table 10)."""

from __future__ import annotations

from tcclip.models.look.looking import Look, look, looking_part
from tcclip.params.architecture import BackboneConfig
from tcclip.params.kinds.look.late import Settings


def make(settings: Settings, config: BackboneConfig) -> Look:
    """The looking block, at the features that the settings name."""
    return Look(settings.looks_at, features=look, part=looking_part(settings.kind, config))
