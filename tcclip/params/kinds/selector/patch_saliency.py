"""The patches with the most peaked attention, after vid-TLDR."""

from __future__ import annotations

from typing import Literal

from tcclip.params.kinds.selector._selector import Selector


class Settings(Selector):
    """No keys of its own."""

    kind: Literal["patch_saliency"] = "patch_saliency"
