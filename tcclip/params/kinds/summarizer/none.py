"""No merge: the seeds themselves are the context tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from tcclip.params.kinds.summarizer._summarizer import Summarizer

if TYPE_CHECKING:
    from tcclip.params.method import Method


class Settings(Summarizer):
    """No keys of its own; `tc.k` is not read."""

    kind: Literal["none"] = "none"

    def check_seeds(self, method: Method, patches: int, frames: int) -> None:
        """Any number of seeds will do."""
