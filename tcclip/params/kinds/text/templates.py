"""Several fixed prompts around the class name: one drawn for each video in training, all of them in a test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field

from tcclip.params.kinds.text._text import Texts, check_has_name, with_name
from tcclip.params.numbers import Positive
from tcclip.params.texts import NOTHING, OfClass

if TYPE_CHECKING:
    from tcclip.params.method import Method


class Settings(Texts):
    """Prompts that share the work of one."""

    kind: Literal["templates"] = "templates"
    prompts: Annotated[list[Annotated[str, AfterValidator(check_has_name)]], Field(min_length=1)]  # texts around {name}
    test_scale: Positive | None = None  # of the cosine in a test; null: the trained one, as in training

    def texts_of(self, name: str, outside: OfClass = NOTHING) -> list[str]:
        """Every prompt with the name."""
        return [with_name(prompt, name) for prompt in self.prompts]

    def check(self, method: Method) -> None:
        """A test's own scale takes the place of a trained one."""
        if self.test_scale is not None and method.score.kind != "cosine":
            raise ValueError(
                f"text.test_scale {self.test_scale:g} does not go with score.kind '{method.score.kind}', which has no "
                "scale that is trained: set one of them"
            )
