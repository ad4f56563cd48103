"""Video-conditional prompting as `prompts` at context tokens, where these have a time code; beyond the paper."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from tcclip.errors import UserError
from tcclip.params.kinds.look._look import Features, Look
from tcclip.params.kinds.vision.context import Settings as Context

if TYPE_CHECKING:
    from tcclip.params.method import Method


class Settings(Look):
    """The paper's VP, at context tokens with a time code."""

    kind: Literal["prompts_in_time"] = "prompts_in_time"

    @property
    def looks_at(self) -> Features:
        """The features of a video that its texts depend on."""
        return "context"

    def check(self, method: Method) -> None:
        """There are prompt vectors that can look, and tokens with a time code."""
        if not method.text.learns:
            raise ValueError(
                f"look 'prompts_in_time' needs text.kind 'coop', whose learned prompt vectors look (text.kind is "
                f"'{method.text.kind}')"
            )
        if method.vision.kind != "context_in_time":
            raise ValueError(
                f"look 'prompts_in_time' needs vision.kind 'context_in_time', whose context tokens have a time code "
                f"(vision.kind is '{method.vision.kind}')"
            )

    def check_layers(self, method: Method, layers: int) -> None:
        """The last layer makes what is looked at."""
        if isinstance(method.vision, Context) and layers not in method.vision.summarising(layers):
            raise UserError(
                f"method {method.name}: look 'prompts_in_time' is at the context tokens of the last layer, which is "
                f"not in vision.layers_summarise: add layer {layers}"
            )
