"""The patches that [CLS] attends to, mean over heads: the paper's choice."""

from __future__ import annotations

from typing import Literal

from tcclip.params.kinds.selector._selector import Selector


class Settings(Selector):
    """No keys of its own."""

    kind: Literal["cls_attention"] = "cls_attention"
