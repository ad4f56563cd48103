"""Class names -> the texts that the text tower reads. Needs neither torch nor a tokenizer."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tcclip.errors import UserError
from tcclip.params.method import Method, Names
from tcclip.params.texts import NONE, OutsideTexts


def readable(name: str, names: Names) -> str:
    """A class name as words: `ApplyEyeMakeup` -> `Apply Eye Makeup`, `brush_hair` -> `brush hair`, if so asked.

    The split puts a blank before every capital letter, abbreviations included, as the paper's runs do.
    """
    if names.split_camel_case:
        name = re.sub(r"([A-Z])", r" \1", name)
    if names.underscores_to_spaces:
        name = name.replace("_", " ")
    return " ".join(name.split())


def class_prompts(method: Method, class_names: Sequence[str], outside: OutsideTexts = NONE) -> list[str]:
    """The texts of all classes with their readable names: the first one of every class, then the second ones.

    outside: of each kind that the method needs, the strings of every class; UserError where some are missing. Where
    names are rephrased and no rephrased ones are given, `class_names` are taken for them.
    """
    of_each = [
        method.text.texts_of(
            readable(_written(method, name, outside), method.names),
            {kind: _of_class(method, kind, name, outside) for kind in method.text.outside},
        )
        for name in class_names
    ]
    return [text for form in zip(*of_each, strict=True) for text in form]


def _written(method: Method, name: str, outside: OutsideTexts) -> str:
    """A class name as the method takes it: the dataset's, or rephrased."""
    if method.names.source == "llm" and "rephrased" in outside:
        return _of_class(method, "rephrased", name, outside)[0]
    return name


def _of_class(method: Method, kind: str, name: str, outside: OutsideTexts) -> tuple[str, ...]:
    """The strings of one kind of a class."""
    if kind not in outside:
        raise UserError(f"method {method.name} needs {kind} of its classes, and none are given (docs/texts.md)")
    if name not in outside[kind]:
        raise UserError(f"method {method.name} needs {kind} of class '{name}', which are not among those given")
    return outside[kind][name]
