"""Prompts before a class's rephrased name, and that alone, whose features are averaged (FROSTER; methods.md 3.10)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from tcclip.params.kinds.text._text import Texts, check_has_name, with_name
from tcclip.params.texts import NOTHING, OfClass, TextKind

if TYPE_CHECKING:
    from tcclip.params.method import Method

MARK = ":"  # what stands before the first one of a rephrased name is the short name


class Settings(Texts):
    """A test reads all texts of a class; a training step the last one, and one that is drawn for all classes."""

    kind: Literal["rephrased"] = "rephrased"
    outside: ClassVar[tuple[TextKind, ...]] = ("rephrased",)
    prompts: Annotated[list[Annotated[str, AfterValidator(check_has_name)]], Field(min_length=1)]  # texts around {name}

    def texts_of(self, name: str, outside: OfClass = NOTHING) -> list[str]:
        """Every prompt with the short name, a blank and the rephrased name; and the rephrased name alone.

        The dataset's own name has no part in it (systems/froster.md, fact 3).
        """
        (whole,) = outside["rephrased"]
        short = whole.partition(MARK)[0]
        return [*(f"{with_name(prompt, short)} {whole}" for prompt in self.prompts), whole]

    def check(self, method: Method) -> None:
        """What is compared is a class, not one of its texts."""
        if method.recipe.objective.kind == "kl_pairs":
            raise ValueError(
                "text.kind 'rephrased' does not go with recipe.objective.kind 'kl_pairs', which compares a video with "
                "one text of its class: set text.kind to 'templates'"
            )
