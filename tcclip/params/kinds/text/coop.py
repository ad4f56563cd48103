"""Learned prompt vectors in the place of the prompt's first words, the same for all classes and videos (CoOp)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator

from tcclip.params.kinds.text._text import Text, check_has_name, check_is_prompt, words_before_name
from tcclip.params.numbers import Count

if TYPE_CHECKING:
    from tcclip.params.method import Method


class Settings(Text):
    """Learned prompt vectors."""

    kind: Literal["coop"] = "coop"
    prompt: Annotated[str, AfterValidator(check_has_name)] = "a photo of a {name}."
    n_ctx: Count = 4  # learned prompt vectors; they start as the prompt's first words

    @property
    def learns(self) -> int:
        """Learned vectors in the place of the prompt's first words."""
        return self.n_ctx

    def check(self, method: Method) -> None:
        """The prompt has as many words as vectors start as."""
        check_is_prompt(self.kind, self.prompt)
        if (words := words_before_name(self.prompt)) < self.n_ctx:
            raise ValueError(
                f"text.prompt '{self.prompt}' has {words} words before {{name}}, and the learned prompt vectors start "
                f"as text.n_ctx = {self.n_ctx} of them: lengthen the prompt or lower text.n_ctx"
            )
