"""The mean over frames of CLIP's score of each frame (Open-VCLIP; methods.md 3.7)."""

from __future__ import annotations

from typing import ClassVar, Literal

from tcclip.params.kinds.score._score import Score


class Settings(Score):
    """Frames are normalised before their mean, so that each of them counts alike. No keys of its own."""

    OF_FRAMES: ClassVar[bool] = True
    kind: Literal["per_frame"] = "per_frame"
