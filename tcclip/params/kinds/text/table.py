"""Learned vectors before and after the bare class name, from a table by their position in the text (methods.md 3.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field

from tcclip.params.kinds.text._text import BARE, Text, bare_or_prompt, check_has_name

if TYPE_CHECKING:
    from tcclip.params.method import Method

SHORTEST = 3  # tokens of a name of one token


class Settings(Text):
    """A5's prompt table; a name of any length has vectors, so new classes need nothing new."""

    kind: Literal["table"] = "table"
    prompt: Annotated[str, AfterValidator(check_has_name)] = BARE
    before: Annotated[int, Field(ge=0)] = 16  # learned vectors before the name
    after: Annotated[int, Field(ge=0)] = 16  # learned vectors after the name; which ones says the name's length

    @property
    def beside(self) -> int:
        """Learned vectors beside the text's tokens, which take places of its context_length."""
        return self.before + self.after

    def check(self, method: Method) -> None:
        """The prompt is the name alone, and there is room for one."""
        if self.prompt != BARE:
            raise ValueError(bare_or_prompt(self.kind, self.prompt))
        if not self.beside:
            raise ValueError(
                "text.before and text.after are both 0: nothing would be learned; text.kind 'name' is that"
            )
        if self.beside + SHORTEST > self.context_length:
            raise ValueError(
                f"text.before {self.before} and text.after {self.after} leave no room for a name in "
                f"text.context_length {self.context_length}"
            )
