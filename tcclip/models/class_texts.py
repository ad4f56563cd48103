"""Class names -> the texts that the text tower reads. Needs neither torch nor a tokenizer."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tcclip.params.method import Method, Names


def readable(name: str, names: Names) -> str:
    """A class name as words: `ApplyEyeMakeup` -> `Apply Eye Makeup`, `brush_hair` -> `brush hair`, if so asked.

    The split puts a blank before every capital letter, abbreviations included, as the paper's runs do.
    """
    if names.split_camel_case:
        name = re.sub(r"([A-Z])", r" \1", name)
    if names.underscores_to_spaces:
        name = name.replace("_", " ")
    return " ".join(name.split())


def class_prompts(method: Method, class_names: Sequence[str]) -> list[str]:
    """The texts of all classes with their readable names: the first one of every class, then the second ones."""
    of_each = [method.text.texts_of(readable(name, method.names)) for name in class_names]
    return [text for form in zip(*of_each, strict=True) for text in form]
