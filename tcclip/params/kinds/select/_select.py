"""What the settings of all selections have."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import SerializerFunctionWrapHandler, model_serializer

from tcclip.params.kinds.axis import Kind


class Select(Kind):
    """Settings of a selection, and what a protocol asks it."""

    SECTION: ClassVar[str] = "select"
    VALIDATES_LAST: ClassVar[bool] = False  # whether the last epoch is validated even if the protocol does not say so
    IS_LAST: ClassVar[bool] = False  # whether the weights that are kept are the last epoch's

    def check_epochs(self, epochs: int) -> None:
        """Raise a ValueError with the keys where a training of so many epochs has nothing to keep."""

    @model_serializer(mode="wrap")
    def _bare(self, content: SerializerFunctionWrapHandler) -> Any:
        """A kind without keys is its bare name, as in the params of all earlier runs."""
        return content(self) if set(type(self).model_fields) > {"kind"} else self.kind
