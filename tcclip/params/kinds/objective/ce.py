"""Cross entropy of hard labels over all classes, or over some where there are many (methods.md 3.3 and 3.5)."""

from __future__ import annotations

from typing import ClassVar, Literal

from tcclip.params.kinds.axis import Kind
from tcclip.params.numbers import Count


class Settings(Kind):
    """Labels are neither smoothed nor mixed."""

    SECTION: ClassVar[str] = "recipe.objective"
    kind: Literal["ce"] = "ce"
    # A step compares with all classes, or with so many: those of its videos and others that are drawn; null: all
    most_classes: Count | None = None
