"""What the settings of all looks have."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from tcclip.errors import UserError
from tcclip.params.kinds.axis import Kind
from tcclip.params.kinds.vision.context import Settings as Context

if TYPE_CHECKING:
    from tcclip.params.method import Method

Features = Literal["frames", "context"]  # of a video: the frames' [CLS] tokens | its context tokens
Seen = Literal["frames", "context", "patches"]  # or the patches of all frames


class Look(Kind):
    """Settings of a look."""

    SECTION: ClassVar[str] = "look"

    @property
    def looks_at(self) -> Seen | None:
        """The features of a video that its texts depend on."""
        return None


def check_context(kind: str, method: Method) -> None:
    """Refuse a look at context tokens that the vision side does not make."""
    if method.vision.kind != "context":
        raise ValueError(
            f"look '{kind}' at context tokens needs vision.kind 'context', which makes them (vision.kind is "
            f"'{method.vision.kind}')"
        )


def check_last_layer(kind: str, method: Method, layers: int) -> None:
    """Refuse, as a UserError, a look at context tokens that the last layer does not make."""
    if isinstance(method.vision, Context) and layers not in method.vision.summarising(layers):
        raise UserError(
            f"method {method.name}: look '{kind}' is at the context tokens of the last layer, which is not in "
            f"vision.layers_summarise: add layer {layers}"
        )
