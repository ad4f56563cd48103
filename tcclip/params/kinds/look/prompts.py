"""Video-conditional prompting: learned prompt vectors look at the video before the last text layer (Eq. 11 and 12)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from tcclip.params.kinds.look._look import Features, Look, check_context, check_last_layer

if TYPE_CHECKING:
    from tcclip.params.method import Method


class Settings(Look):
    """The paper's VP."""

    kind: Literal["prompts"] = "prompts"
    at: Features = "context"  # frames' [CLS] tokens (Table 10 b) | context tokens (the paper)

    @property
    def looks_at(self) -> Features:
        """The features of a video that its texts depend on."""
        return self.at

    def check(self, method: Method) -> None:
        """There are prompt vectors that can look, and tokens to look at."""
        if not method.text.learns:
            raise ValueError(
                f"look 'prompts' needs text.kind 'coop', whose learned prompt vectors look (text.kind is "
                f"'{method.text.kind}')"
            )
        if self.at == "context":
            check_context(self.kind, method)

    def check_layers(self, method: Method, layers: int) -> None:
        """The last layer makes what is looked at."""
        if self.at == "context":
            check_last_layer(self.kind, method, layers)
