"""tokens.json: every text that a method of the suite makes from a class name, already tokenised."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from tcclip.models.class_texts import class_prompts
from tcclip.models.tokens import tokenize
from tcclip.params.method import Method
from tcclip.params.texts import OutsideTexts
from tcclip.process.files import write_json


class ClassList(NamedTuple):
    """Class names, and the texts from outside that there are of them and of videos."""

    names: Sequence[str]
    texts: OutsideTexts


def write_tokens(lists: Sequence[ClassList], methods: Iterable[Method], out: Path) -> str:
    """Tokenise the texts of all classes as each method writes them; returns a line about them."""
    forms = [form for method in methods for form in (method, method.on_other_classes())]
    texts = sorted({text for form in forms for each in lists for text in texts_of(form, each)})
    table = tokenize(texts)
    write_json(out, table)
    longest = max(table.values(), key=len)
    return f"{len(table)} texts, the longest has {len(longest)} tokens"


def texts_of(method: Method, classes: ClassList) -> list[str]:
    """The texts that a method makes of a class list; none where it needs others from outside than there are."""
    if any(kind not in classes.texts for kind in method.outside):
        return []
    return [*class_prompts(method, classes.names, classes.texts), *method.recipe.objective.texts_beside(classes.texts)]
