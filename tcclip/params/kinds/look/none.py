"""Texts do not depend on the video."""

from __future__ import annotations

from typing import Literal

from tcclip.params.kinds.look._look import Look


class Settings(Look):
    """No keys of its own."""

    kind: Literal["none"] = "none"
