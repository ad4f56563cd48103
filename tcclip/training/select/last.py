"""The weights after the last epoch."""

from __future__ import annotations

from tcclip.params.kinds.select.last import Settings
from tcclip.training.select.selection import Selection


def make(settings: Settings) -> Selection:
    """Hold nothing."""
    return Selection(lambda held, finished: {}, lambda held, last: last, lambda best, last: dict(last))
