"""Fields that hold one of the kinds of an axis: `Annotated[Score, OneOf("score")]`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema


@dataclass(frozen=True)
class OneOf:
    """Beside the class that all settings of an axis are of: a value is checked as one of the kinds that there are."""

    axis: str

    @property
    def union(self) -> Any:
        """The type of what may stand there."""
        from tcclip.params.kinds.axis import union_of  # which reads params by what tells an error's place by this

        return union_of(self.axis)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """As pydantic asks for it."""
        return handler.generate_schema(self.union)
