"""tokens.json: every text that a method of the suite makes from a class name, already tokenised."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

from tcclip.models.class_texts import class_prompts
from tcclip.models.tokens import tokenize
from tcclip.params.method import Method
from tcclip.process.files import write_json


def write_tokens(class_files: Iterable[Path], methods: Iterable[Method], out: Path) -> str:
    """Tokenise all names in `class_files` (label, name) as each method writes them; returns a line about them."""
    names = sorted({row["name"] for file in class_files for row in _rows(file)})
    forms = [form for method in methods for form in (method, method.on_other_classes())]
    texts = sorted({text for form in forms for text in class_prompts(form, names)})
    table = tokenize(texts)
    write_json(out, table)
    longest = max(table.values(), key=len)
    return f"{len(table)} texts, the longest has {len(longest)} tokens"


def _rows(file: Path) -> list[dict[str, str]]:
    with open(file, newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))
