"""What a language model has answered: read, checked as the strict reader does, and put beside what is there already."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tcclip.data.splits.class_names import same_name
from tcclip.data.texts.files import Members, check_once, parsed, read_text
from tcclip.data.texts.prompts import ANSWERS
from tcclip.errors import UserError, unknown
from tcclip.params.texts import KINDS, TextKind

NUMBERED = re.compile(r"^\s*(?:\d+\s*[.):]|[-*\u2022])\s+")  # what models write in front of the items of a list


class TextAnswer(NamedTuple):
    """An answer, as far as it can be read."""

    dataset: str
    kind: TextKind
    texts: dict[str, Any]  # class name or video -> what is said of it


def read_answer(path: Path) -> TextAnswer:
    """The JSON object of an answer, also one between other words; UserError for another one."""
    if not path.is_file():
        raise UserError(f"{path} is not there: save a model's answer in a file and name it")
    content = _object(read_text(path), path)
    missing = [key for key in ("dataset", "kind", ANSWERS) if key not in content]
    if missing:
        raise UserError(f'{path}: the answer has no "{missing[0]}": write it there, as the prompt shows it')
    kind, texts = content["kind"], content[ANSWERS]
    if kind not in KINDS:
        raise unknown(f"kind of texts in {path}:", str(kind), KINDS)
    if not isinstance(texts, dict):
        raise UserError(f'{path}: "{ANSWERS}" must be an object with a key for each name, as the prompt shows it')
    return TextAnswer(str(content["dataset"]), kind, texts)


def _object(text: str, path: Path) -> dict[str, Any]:
    """The object between the first and the last brace: models put words and fences around it."""
    start, end = text.find("{"), text.rfind("}")
    if start < 0 or end < start:
        raise UserError(f"{path} has no JSON object {{...}}: save the model's whole answer there, or ask it again")
    content = parsed(text[start : end + 1], path, text[:start].count("\n") + 1)
    if not isinstance(content, Members):
        return {}
    for members in (content, *(value for _, value in content if isinstance(value, Members))):
        check_once(path, members, text)
    return dict(content.plain())


def in_spelling(texts: Mapping[str, Any], names: Sequence[str], path: Path) -> dict[str, Any]:
    """The answers by the names that the class list has; an unknown one is a UserError with the nearest."""
    spelled = {same_name(name): name for name in names}
    found: dict[str, Any] = {}
    for given, value in texts.items():
        name = given if given in names else spelled.get(same_name(given))
        if name is None:
            raise unknown(f"name in {path}:", given, names)
        found[name] = value
    return found


def tidied(kind: TextKind, name: str, value: Any) -> Any:
    """An answer without what models add: numbers in front of items, full stops at the end, repeated words."""
    match kind:
        case "rephrased":
            return " ".join(value.split()).removesuffix(".") if isinstance(value, str) else value
        case "descriptors":
            forms = {form: value.get(form) for form in ("spatial", "temporal")} if isinstance(value, dict) else {}
            return {form: _items(of_form, stop=form == "temporal") for form, of_form in forms.items()}
        case _:
            words = _items(value, stop=False)
            if not isinstance(words, list):
                return words
            own = same_name(name) if kind == "class_words" else None
            different: dict[str, str] = {}
            for word in words:
                different.setdefault(same_name(word), word)
            return [word for key, word in different.items() if key != own]


def _items(value: Any, stop: bool) -> Any:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        return value
    plain = [" ".join(NUMBERED.sub("", item).split()) for item in value]
    return [item if stop else item.rstrip(".") for item in plain if item]
