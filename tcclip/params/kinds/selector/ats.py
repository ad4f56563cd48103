"""Adaptive token sampling from the distribution of [CLS] attention times value norm."""

from __future__ import annotations

from typing import Literal

from tcclip.params.kinds.selector._selector import Selector


class Settings(Selector):
    """Open choices of ATS."""

    kind: Literal["ats"] = "ats"
    doubles: Literal["replace", "keep"] = (
        "replace"  # levels that name a patch again: the heaviest others instead | kept
    )
