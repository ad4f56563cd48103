"""CLIP's score, with a factor that does not start as CLIP's: `build` starts it and training holds it below a limit."""

from __future__ import annotations

from tcclip.models.score.cosine import cosine
from tcclip.models.score.scoring import Score
from tcclip.params.kinds.score.restarted_cosine import Settings


def make(settings: Settings) -> Score:
    """exp(logit_scale) times the cosine."""
    return cosine
