"""Rephrased class names: {"0": "Name: one sentence", ...} (systems/froster.md 4)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tcclip.data.splits.class_names import same_name
from tcclip.data.texts.faults import Fault, Wanted, Where
from tcclip.data.texts.files import read_object
from tcclip.data.texts.lengths import PLACES, too_long

Texts = dict[str, tuple[str, ...]]
MOST_WORDS = 40  # of a text that we ask for


def read(path: Path, wanted: Wanted) -> tuple[Texts, list[Fault]]:
    """The text of every class that has a right one, and what is wrong with the others."""
    content = read_object(path, wanted)
    return judged({name: content.get(label) for label, name in wanted.labelled()}, wanted, wanted.where(path))


def judged(values: Mapping[str, Any], wanted: Wanted, where: Where) -> tuple[Texts, list[Fault]]:
    """The texts that are right of those given by class, and what is wrong with the others."""
    owner = {same_name(name): name for name in wanted.names}
    texts: Texts = {}
    faults: list[Fault] = []
    for name, value in values.items():
        if said := _wrong(value, name, owner, wanted.fetched):
            faults.append(where(name, said))
        else:
            texts[name] = (" ".join(value.split()),)
    if not wanted.fetched:
        for first, second in _equal(texts):
            faults.append(where(second, f"its text is that of '{first}' as well, so that nothing tells the two apart"))
            del texts[second]
    long = too_long("rephrased", [(name, text) for name, (text,) in texts.items()])
    for name, tokens in {list(texts)[place]: tokens for place, tokens in long.items()}.items():
        faults.append(
            where(name, f"it has {tokens} tokens with the longest prompt around it, and {PLACES} is the most")
        )
        del texts[name]
    return texts, faults


def _equal(texts: Texts) -> list[tuple[str, str]]:
    """Classes (first, another one) with one text."""
    first: dict[tuple[str, ...], str] = {}
    return [(first[text], name) for name, text in texts.items() if first.setdefault(text, name) != name]


def _wrong(value: Any, name: str, owner: Mapping[str, str], fetched: bool) -> str | None:
    """What is wrong with the text of a class, but for its tokens."""
    if value is None:
        return 'it has no text "Name: one sentence"'
    if not isinstance(value, str):
        return f'it is {value!r:.60} and must be one text "Name: one sentence"'
    short, colon, sentence = value.partition(":")
    if not (colon and short.strip() and sentence.strip()):
        return f'{value!r:.60} is not of the form "Name: one sentence"'
    other = owner.get(same_name(short), name)
    if other != name and not fetched:  # HMDB-51's are of its videos, two pairs of whose published names are exchanged
        return f"the text is that of '{other}', so that the texts are in another order than the classes"
    if not fetched and (words := len(value.split())) > MOST_WORDS:
        return f"it has {words} words, and {MOST_WORDS} is the most"
    return None
