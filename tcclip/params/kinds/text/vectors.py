"""Learned vectors before the class name, of each class or the same for all (Vita-CLIP; systems/vita_clip.md 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator

from tcclip.params.kinds.text import name
from tcclip.params.kinds.text._text import Text, Texts, check_has_name, with_name
from tcclip.params.numbers import Count
from tcclip.params.texts import NOTHING, OfClass

if TYPE_CHECKING:
    from tcclip.params.method import Method

PLACE = "X"  # a word of one token in the place of a vector


class Settings(Text):
    """Vectors that start at random, followed by the prompt with the name."""

    kind: Literal["vectors"] = "vectors"
    prompt: Annotated[str, AfterValidator(check_has_name)] = "{name}."
    n_ctx: Count = 8  # learned vectors
    per_class: bool = True  # each class has vectors of its own; other classes than the training's are bare names then

    @property
    def learns(self) -> int:
        """Learned vectors in front of the prompt."""
        return self.n_ctx

    def texts_of(self, name: str, outside: OfClass = NOTHING) -> list[str]:
        """The prompt with the name, behind words in the places of the vectors."""
        return [" ".join([*[PLACE] * self.n_ctx, with_name(self.prompt, name)])]

    def elsewhere(self) -> Texts:
        """Bare names, to which no vector belongs (systems/vita_clip.md 7.3); those of all classes serve others too."""
        return name.Settings(context_length=self.context_length) if self.per_class else self

    def check(self, method: Method) -> None:
        """A look makes prompt vectors a video's own, which all classes share."""
        if self.per_class and method.look.kind == "prompts":
            raise ValueError(
                "look 'prompts' does not go with text.per_class true: it changes vectors that all classes share"
            )
