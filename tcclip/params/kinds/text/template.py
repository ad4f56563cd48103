"""A fixed prompt around the class name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator

from tcclip.params.kinds.text._text import Text, check_has_name, check_is_prompt

if TYPE_CHECKING:
    from tcclip.params.method import Method


class Settings(Text):
    """A fixed prompt."""

    kind: Literal["template"] = "template"
    prompt: Annotated[str, AfterValidator(check_has_name)] = "a photo of a {name}."

    def check(self, method: Method) -> None:
        """The prompt has words."""
        check_is_prompt(self.kind, self.prompt)
