"""The kinds that a method has chosen."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from tcclip.params.kinds.axis import Kind, module_of
from tcclip.params.reader import Params


def chosen(section: Params, without: Collection[str] = ()) -> Iterator[Kind]:
    """The settings of every kind in a section and in the sections below it, but not in its keys `without`."""
    for name in type(section).model_fields:
        if name in without:
            continue
        value = getattr(section, name)
        if isinstance(value, Kind):
            yield value
        if isinstance(value, Params):
            yield from chosen(value)


def modules_of(section: Params, without: Collection[str] = ()) -> list[str]:
    """The dotted names of the modules of the kinds that a method or protocol names: code of its own."""
    return sorted({module_of(kind) for kind in chosen(section, without)})
