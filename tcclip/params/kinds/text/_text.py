"""What the settings of all text kinds have."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar

from pydantic import Field

from tcclip.params.kinds.axis import Kind
from tcclip.params.texts import NOTHING, OfClass

BARE = "{name}"  # a prompt without words
NAME = "{name}"
ContextLength = Annotated[int, Field(ge=8, le=77)]


class Texts(Kind):
    """Settings of the texts of each class."""

    SECTION: ClassVar[str] = "text"
    context_length: ContextLength = 30  # tokens per text

    @property
    def learns(self) -> int:
        """Learned vectors in the place of the prompt's first words."""
        return 0

    @property
    def beside(self) -> int:
        """Learned vectors beside the text's tokens, which take places of its context_length."""
        return 0

    def texts_of(self, name: str, outside: OfClass = NOTHING) -> list[str]:
        """The texts of a class whose readable name is given; every class has as many.

        outside: the class's strings of each kind that the class variable `outside` names.
        """
        raise NotImplementedError

    def elsewhere(self) -> Texts:
        """How the texts of classes are made that no training has seen: as those of the others, for most kinds."""
        return self


class Text(Texts):
    """Settings of one text for each class, with its name in the place of {name}."""

    prompt: str  # text around {name}

    def texts_of(self, name: str, outside: OfClass = NOTHING) -> list[str]:
        """The prompt with the name."""
        return [with_name(self.prompt, name)]


def with_name(prompt: str, name: str) -> str:
    """A prompt with a readable name in the place of {name}."""
    return prompt.replace(NAME, name)


def check_has_name(prompt: str) -> str:
    """A prompt names the class."""
    if NAME not in prompt:
        raise ValueError(f"must contain {NAME}")
    return prompt


def check_is_prompt(kind: str, prompt: str) -> None:
    """A prompt of nothing but the name is kind `name`."""
    if prompt == BARE:
        raise ValueError(bare_or_prompt(kind, prompt))


def bare_or_prompt(kind: str, prompt: str) -> str:
    """Why kind and prompt do not go together."""
    return f"text.kind '{kind}' does not go with text.prompt '{prompt}': name is the kind of '{BARE}', and of it alone"


def words_before_name(prompt: str) -> int:
    """Words of a prompt before {name}."""
    return words_in(prompt.partition(NAME)[0])


def words_in(text: str) -> int:
    """Letters, single digits and marks are CLIP's words, each at least one token."""
    return len(re.findall(r"[^\W\d_]+|\d|[^\s\w]+|_+", text))
