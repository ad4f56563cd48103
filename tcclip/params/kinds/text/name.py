"""The bare class name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator

from tcclip.params.kinds.text._text import BARE, Text, bare_or_prompt, check_has_name

if TYPE_CHECKING:
    from tcclip.params.method import Method


class Settings(Text):
    """No words around the name."""

    kind: Literal["name"] = "name"
    prompt: Annotated[str, AfterValidator(check_has_name)] = BARE

    def check(self, method: Method) -> None:
        """The prompt is the name alone."""
        if self.prompt != BARE:
            raise ValueError(bare_or_prompt(self.kind, self.prompt))
