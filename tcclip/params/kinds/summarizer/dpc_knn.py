"""DPC-KNN: context tokens are the means of clusters around density peaks; constants as in TCFormer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from tcclip.errors import UserError
from tcclip.params.kinds.summarizer._summarizer import Summarizer
from tcclip.params.numbers import Count

if TYPE_CHECKING:
    from tcclip.params.method import Method


class Settings(Summarizer):
    """Constants of DPC-KNN."""

    kind: Literal["dpc_knn"] = "dpc_knn"
    neighbours: Count = 5  # a token's density is measured over so many, itself included
    noise: Annotated[float, Field(ge=0)] = 1e-6  # training only: uniform numbers up to this break ties of density

    def check_seeds(self, method: Method, patches: int, frames: int) -> None:
        """A video has as many seeds as a density needs neighbours."""
        super().check_seeds(method, patches, frames)
        tc = method.tc
        assert tc is not None
        if self.neighbours > (seeds := tc.seeds(patches) * frames):
            raise UserError(
                f"method {method.name}: tc.dpc_knn.neighbours = {self.neighbours} is more than the {seeds} seed tokens "
                f"of a video ({tc.selector.source(tc.alpha)} {patches} patches a frame): lower tc.dpc_knn.neighbours "
                "or raise tc.alpha"
            )
