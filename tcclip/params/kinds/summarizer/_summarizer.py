"""What the settings of all summarizers have."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from tcclip.errors import UserError
from tcclip.params.kinds.axis import Kind

if TYPE_CHECKING:
    from tcclip.params.method import Method


class Summarizer(Kind):
    """Settings of a summarizer that makes `tc.k` tokens."""

    SECTION: ClassVar[str] = "tc.summarizer"

    def check_seeds(self, method: Method, patches: int, frames: int) -> None:
        """A video has as many seeds as there are to be context tokens."""
        tc = method.tc
        assert tc is not None
        seeds = tc.seeds(patches) * frames
        if tc.k > seeds:
            raise UserError(
                f"method {method.name}: tc.k = {tc.k} is more than the {seeds} seed tokens of a video "
                f"({tc.selector.source(tc.alpha)} {patches} patches in each of {frames} frames): lower tc.k or raise "
                "tc.alpha"
            )


def check_one_patch(kind: str, method: Method) -> None:
    """Refuse a summarizer that weighs patches where a seed has no one patch."""
    if method.tc and method.tc.selector.slices:
        raise ValueError(
            f"tc.summarizer '{kind}' weighs patches, but with tc.head_wise 'slices' a seed of tc.selector "
            f"'{method.tc.selector.kind}' has no one patch: set tc.head_wise 'max'"
        )
