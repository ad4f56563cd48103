"""Descriptors of a class: what is seen in one picture, and the steps of the action (OST; methods.md 3.9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import AfterValidator

from tcclip.errors import UserError
from tcclip.params.kinds.text._text import ContextLength, Texts, with_name
from tcclip.params.numbers import Count
from tcclip.params.texts import NOTHING, OfClass, TextKind

if TYPE_CHECKING:
    from tcclip.params.method import Method

DESCRIPTOR = "{descriptor}"
TYPES = 2  # spatial and temporal


def check_has_descriptor(prompt: str) -> str:
    """A prompt around a descriptor."""
    if DESCRIPTOR not in prompt:
        raise ValueError(f"must contain {DESCRIPTOR}")
    return prompt


Around = Annotated[str, AfterValidator(check_has_descriptor)]


class Settings(Texts):
    """All of them are a class's texts, in training and in a test; a language model has written them (docs/texts.md)."""

    outside: ClassVar[tuple[TextKind, ...]] = ("descriptors",)
    kind: Literal["descriptors"] = "descriptors"
    context_length: ContextLength = 77  # tokens per text
    count: Count = 4  # n, descriptors of each of the two types that a class has
    spatial: Around = "This is a video about {descriptor}"  # text around what is seen in one picture
    temporal: Around = "A video of {name} usually includes {descriptor}"  # text around a step of the action

    def texts_of(self, name: str, outside: OfClass = NOTHING) -> list[str]:
        """The n spatial texts of a class, then the n temporal ones."""
        found = outside["descriptors"]
        if len(found) != TYPES * self.count:
            raise UserError(
                f"class '{name}' has {len(found)} descriptors, and text.count {self.count} asks for {self.count} "
                f"spatial and {self.count} temporal ones"
            )
        prompts = [self.spatial] * self.count + [self.temporal] * self.count
        return [with_name(prompt, name).replace(DESCRIPTOR, text) for prompt, text in zip(prompts, found, strict=True)]

    def check(self, method: Method) -> None:
        """No other score reads several texts of a class at once."""
        if method.score.kind != "transport":
            raise ValueError(
                f"text.kind 'descriptors' does not go with score.kind '{method.score.kind}': a class has "
                f"{TYPES * self.count} texts at once: set score: transport"
            )
