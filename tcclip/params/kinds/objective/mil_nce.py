"""Matching of a video with a bag of texts for each video of its micro-batch (MIL-NCE; methods.md 3.8)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import AfterValidator

from tcclip.params.kinds.axis import Kind
from tcclip.params.numbers import Count
from tcclip.params.texts import OutsideTexts, TextKind

if TYPE_CHECKING:
    from tcclip.params.method import Method

WORD = "{word}"


def _has_word(sentence: str) -> str:
    if WORD not in sentence:
        raise ValueError(f"must contain {WORD}")
    return sentence


class Settings(Kind):
    """The bag of a video: words of its class and of the video itself, each in a sentence behind the class's text."""

    SECTION: ClassVar[str] = "recipe.objective"
    kind: Literal["mil_nce"] = "mil_nce"
    outside: ClassVar[tuple[TextKind, ...]] = ("class_words", "video_words")
    bag: Count = 16  # texts of each video
    word: Annotated[str, AfterValidator(_has_word)] = "{word}."  # the sentence of a word

    def sentence(self, word: str) -> str:
        """The sentence of a word."""
        return self.word.replace(WORD, word)

    def texts_beside(self, outside: OutsideTexts) -> Iterator[str]:
        """The sentences of all words."""
        for kind in self.outside:
            yield from (self.sentence(word) for words in outside.get(kind, {}).values() for word in words)

    def check(self, method: Method) -> None:
        """A text is one of tokens alone, and the same for all videos."""
        for axis, kind, needed in (("text", method.text.kind, "template"), ("look", method.look.kind, "none")):
            if kind != needed:
                raise ValueError(
                    f"recipe.objective.kind 'mil_nce' does not go with {axis}.kind '{kind}': words are put behind a "
                    f"class's one text, which all videos are compared with; set {axis}: {needed}"
                )
