"""Every head takes the patches that its [CLS] attends to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from tcclip.params.kinds.selector._selector import Selector

if TYPE_CHECKING:
    from tcclip.params.method import Method


class Settings(Selector):
    """Head-wise selection."""

    kind: Literal["head_cls_attention"] = "head_cls_attention"
    head_wise: Literal["slices", "max"] = (
        "slices"  # a list of every head, seeds put together from slices | the best head
    )

    @property
    def slices(self) -> bool:
        """Whether a seed is put together from the slices of several patches."""
        return self.head_wise == "slices"

    def check(self, method: Method) -> None:
        """A seed of slices has no one patch as its source."""
        if method.tc and method.tc.trace and self.slices:
            raise ValueError(
                f"tc.trace true does not go with tc.selector '{self.kind}': with tc.head_wise 'slices' a seed has no "
                "one patch as its source; set tc.head_wise 'max'"
            )
