"""The weights after the first epoch with the highest top-1 on the validation split."""

from __future__ import annotations

from typing import ClassVar, Literal

from tcclip.params.kinds.select._select import Select


class Settings(Select):
    """No keys of its own."""

    VALIDATES_LAST: ClassVar[bool] = True
    kind: Literal["best"] = "best"
