"""The kinds that a method has chosen."""

from __future__ import annotations

from collections.abc import Iterator

from tcclip.params.kinds.axis import Kind, module_of
from tcclip.params.reader import Params


def chosen(section: Params) -> Iterator[Kind]:
    """The settings of every kind in a section and in the sections below it."""
    for name in type(section).model_fields:
        value = getattr(section, name)
        if isinstance(value, Kind):
            yield value
        if isinstance(value, Params):
            yield from chosen(value)


def modules_of(section: Params) -> list[str]:
    """The dotted names of the modules of the kinds that a method or protocol names: code of its own."""
    return sorted({module_of(kind) for kind in chosen(section)})
