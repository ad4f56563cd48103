"""Cross entropy of hard labels over all classes (methods.md 3.3 and 3.5)."""

from __future__ import annotations

from typing import ClassVar, Literal

from tcclip.params.kinds.axis import Kind


class Settings(Kind):
    """No keys: labels are neither smoothed nor mixed."""

    SECTION: ClassVar[str] = "recipe.objective"
    kind: Literal["ce"] = "ce"
