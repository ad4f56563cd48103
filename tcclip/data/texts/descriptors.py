"""Descriptors of classes: two files {"0": [n strings], ...}, spatial and temporal (systems/ost.md 5)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from tcclip.data.splits.class_names import same_name
from tcclip.data.texts.faults import Fault, Wanted, Where
from tcclip.data.texts.files import read_object
from tcclip.data.texts.lengths import PLACES, too_long

Texts = dict[str, tuple[str, ...]]
Form = Literal["spatial", "temporal"]
FORMS: tuple[Form, Form] = ("spatial", "temporal")
USUAL = 4  # n of all that is published


def read(spatial: Path, temporal: Path, wanted: Wanted) -> tuple[Texts, list[Fault]]:
    """The n spatial and the n temporal ones of every class that has right ones, and what is wrong with the others."""
    paths = dict(zip(FORMS, (spatial, temporal), strict=True))
    contents = {form: read_object(path, wanted) for form, path in paths.items()}
    count = usual_count(value for content in contents.values() for value in content.values())
    found: dict[Form, Texts] = {}
    faults: list[Fault] = []
    for form, path in paths.items():
        values = {name: contents[form].get(label) for label, name in wanted.labelled()}
        found[form], more = judged(form, values, count, wanted, wanted.where(path))
        faults += more
    return both(found, wanted.names), faults


def both(found: Mapping[Form, Texts], names: Iterable[str]) -> Texts:
    """The spatial, then the temporal ones of the classes that have both."""
    there = [name for name in names if all(name in found[form] for form in FORMS)]
    return {name: (*found["spatial"][name], *found["temporal"][name]) for name in there}


def usual_count(values: Iterable[Any]) -> int:
    """How many descriptors most of the lists have."""
    counts = Counter(len(value) for value in values if isinstance(value, list) and value)
    return counts.most_common(1)[0][0] if counts else USUAL


def judged(
    form: Form, values: Mapping[str, Any], count: int, wanted: Wanted, where: Where
) -> tuple[Texts, list[Fault]]:
    """The descriptors of one form that are right of those given by class, and what is wrong with the others."""
    texts: Texts = {}
    faults: list[Fault] = []
    for name, value in values.items():
        if said := _wrong(value, count, wanted.fetched):
            faults.append(where(name, said))
        else:
            texts[name] = tuple(" ".join(text.split()) for text in value)
    flat = [(name, text) for name, of_one in texts.items() for text in of_one]
    for place, tokens in too_long(form, flat).items():
        name, text = flat[place]
        said = f"'{text[:40]}' has {tokens} tokens with the prompt around it, and {PLACES} is the most"
        faults.append(where(name, said))
        texts.pop(name, None)
    return texts, faults


def _wrong(value: Any, count: int, fetched: bool) -> str | None:
    """What is wrong with the descriptors of a class, but for their tokens."""
    if value is None:
        return f"it has no texts, and {count} are wanted"
    if not isinstance(value, list) or not all(isinstance(text, str) and text.strip() for text in value):
        return f"it is {value!r:.60} and must be a list of {count} texts"
    if len(value) != count:
        return f"it has {len(value)} texts, and {count} are wanted, as in the others"
    seen = [same_name(text) for text in value]
    twice = next((n for n, text in enumerate(seen) if text in seen[:n]), None)
    if twice is not None and not fetched:  # a release is used as it was published
        return f"its texts {seen.index(seen[twice]) + 1} and {twice + 1} are the same, '{value[twice][:40]}'"
    return None
