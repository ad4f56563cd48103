"""CLIP's score: exp(logit_scale) times the cosine."""

from __future__ import annotations

from typing import Literal

from tcclip.params.kinds.score._score import Score


class Settings(Score):
    """No keys of its own."""

    kind: Literal["cosine"] = "cosine"
