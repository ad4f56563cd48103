"""Class names of a person's own: which texts they have, and what a method makes of names it was not trained with."""

from __future__ import annotations

import re

from tcclip.data.splits import cures
from tcclip.data.splits.class_names import as_read
from tcclip.errors import UserError
from tcclip.prediction.source import Classes, Source
from tcclip.prediction.stray_marks import is_json, stray_mark

TYPED = re.compile(r'\s*(?:"((?:[^"]|"")*)"|([^,\n]*?))\s*(?:,|\n|$)')  # a name in quotes or without


def typed_names(text: str) -> tuple[str, ...]:
    """Class names as a person types them: between commas, or one a line; one with a comma in it stands in quotes."""
    if is_json(text):
        raise UserError(f"{cures.shown(text[:80])} is JSON: type the class names alone, between commas")
    found = [(quoted.replace('""', '"').strip(), plain) for quoted, plain in TYPED.findall(text)]
    for _, plain in found:
        if why := stray_mark(plain):
            raise UserError(
                f"class name {cures.shown(plain)} {why}: type the names alone, between commas; a name with a comma or "
                "a quote in it stands in quotes, with each quote within them twice"
            )
    return tuple(quoted or plain for quoted, plain in found if quoted or plain)


def classes_for(source: Source, names: tuple[str, ...], known: list[Classes]) -> Classes:
    """Class names that a person has typed, with their texts from outside where `known` classes have them.

    UserError where the method cannot do without them; rephrased names are taken to be typed as they are meant.
    """
    method = source.subject.method
    _check_names(names)
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for kind in method.outside:
        there = {name: strings for classes in known for name, strings in classes.texts.get(kind, {}).items()}
        lacking = [name for name in names if name not in there]
        if not lacking:
            found[kind] = {name: there[name] for name in names}
        elif kind in method.text.outside:
            raise UserError(
                f"method {method.name} needs {kind} of every class, which a language model writes beforehand, and "
                f"'{lacking[0]}' has none: describe your classes as a dataset (docs/adding_a_dataset.md), let `tcclip "
                f"texts ask DATASET {kind}` write the prompts for them, and name it with --dataset DATASET"
            )
    return Classes(names, found)


def _check_names(names: tuple[str, ...]) -> None:
    """UserError where there are none, one is empty or no text, or CLIP reads two alike."""
    if not names:
        raise UserError("the list of class names is empty")
    if doubles := sorted({name for name in names if names.count(name) > 1}):
        raise UserError(f"class {cures.shown(doubles[0])} is named twice")
    first: dict[str, str] = {}
    for name in names:
        if any("\ud800" <= char <= "\udfff" for char in name):  # a byte of an argument that could not be decoded
            raise UserError(
                f"class name {cures.shown(name)} is no UTF-8 text: type it where the locale is UTF-8, or name a file "
                "in UTF-8 with --class-file"
            )
        if not (read := as_read(name)):
            raise UserError("one of the class names is empty")
        if (other := first.setdefault(read, name)) != name:
            raise UserError(
                f"classes {cures.shown(other)} and {cures.shown(name)} are one in two spellings, which CLIP reads alike"
            )


def remarks(source: Source, classes: Classes) -> list[str]:
    """What a person should know of how names are read."""
    subject, found = source.subject, []
    if subject.method_for(classes.names) is not subject.method:
        found.append(
            f"the learned vectors of {subject.name} belong to the classes of its training: these names are read "
            "without any"
        )
    if subject.method.names.source == "llm" and "rephrased" not in classes.texts:
        found.append(f"{subject.name} was trained with rephrased class names: these are read as they are typed")
    return found
