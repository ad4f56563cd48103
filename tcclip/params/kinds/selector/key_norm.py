"""The patches of the largest keys, mean over heads."""

from __future__ import annotations

from typing import Literal

from tcclip.params.kinds.selector._selector import Selector


class Settings(Selector):
    """No keys of its own."""

    kind: Literal["key_norm"] = "key_norm"
