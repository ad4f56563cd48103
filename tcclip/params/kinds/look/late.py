"""Late fusion: the finished text features look at the context tokens (Table 10)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from tcclip.params.kinds.look._look import Features, Look, check_context, check_last_layer

if TYPE_CHECKING:
    from tcclip.params.method import Method


class Settings(Look):
    """Vision-text late fusion."""

    kind: Literal["late"] = "late"

    @property
    def looks_at(self) -> Features:
        """The features of a video that its texts depend on."""
        return "context"

    def check(self, method: Method) -> None:
        """There are tokens to look at."""
        check_context(self.kind, method)

    def check_layers(self, method: Method, layers: int) -> None:
        """The last layer makes what is looked at."""
        check_last_layer(self.kind, method, layers)
