"""Several fixed prompts around the class name, whose features are averaged (Open-VCLIP; methods.md 3.7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field

from tcclip.params.kinds.text._text import Texts, check_has_name, with_name
from tcclip.params.texts import NOTHING, OfClass

if TYPE_CHECKING:
    from tcclip.params.method import Method


class Settings(Texts):
    """Every feature is normalised, then their mean is; the same in training and in a test."""

    kind: Literal["templates_mean"] = "templates_mean"
    prompts: Annotated[list[Annotated[str, AfterValidator(check_has_name)]], Field(min_length=1)]  # texts around {name}

    def texts_of(self, name: str, outside: OfClass = NOTHING) -> list[str]:
        """Every prompt with the name."""
        return [with_name(prompt, name) for prompt in self.prompts]

    def check(self, method: Method) -> None:
        """What is compared is a class, not one of its texts."""
        if method.recipe.objective.kind == "kl_pairs":
            raise ValueError(
                "text.kind 'templates_mean' does not go with recipe.objective.kind 'kl_pairs', which compares a video "
                "with one text of its class: set text.kind to 'templates'"
            )
