"""The weights after the last epoch."""

from __future__ import annotations

from typing import ClassVar, Literal

from tcclip.params.kinds.select._select import Select


class Settings(Select):
    """No keys of its own."""

    IS_LAST: ClassVar[bool] = True
    kind: Literal["last"] = "last"
