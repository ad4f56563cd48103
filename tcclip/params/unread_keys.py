"""Changes of a method that change nothing: keys of kinds that it has not chosen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from tcclip.errors import UserError
from tcclip.params.kinds.axis import Kind, axis_of, kinds_of
from tcclip.params.kinds.chosen_kinds import chosen
from tcclip.params.reader import flat, undotted
from tcclip.params.spellings import spelled_out

if TYPE_CHECKING:
    from tcclip.params.method import Method


def refuse_unread(method: Method, changes: Mapping[str, Any], where: str) -> None:
    """UserError for the first of the dotted `changes` that `method`, made with them, has chosen no kind to read."""
    for key in flat(spelled_out(undotted(dict(changes)))):
        readers = [(kind, _readers(kind, key)) for kind in chosen(method)]
        if _is_of_a_section(method, key) or any(kind.kind in names for kind, names in readers):
            continue
        for kind, names in readers:
            if names:
                raise UserError(
                    f"{where}: {key} would change nothing, because {kind.SECTION} is '{kind.kind}' and it is a key of "
                    f"{', '.join(names)}: set {kind.SECTION}.kind as well, or leave {key} out"
                )


def _is_of_a_section(method: Method, key: str) -> bool:
    """Whether a section with axes has the key itself."""
    section, _, name = key.partition(".")
    fields = getattr(type(getattr(method, section, None)), "model_fields", {})
    return not isinstance(getattr(method, section, None), Kind) and name in fields


def _readers(beside: Kind, key: str) -> list[str]:
    """The kinds of the axis of a chosen one that read the key."""
    kinds = kinds_of(axis_of(beside))
    return [name for name in kinds if any(f"{key}.".startswith(f"{own}.") for own in _keys(kinds[name], name, beside))]


def _keys(kind: type[Kind], name: str, beside: Kind) -> Iterator[str]:
    """A kind's keys as a file may say them: in the axis, beside it, and beside it in a section of the kind's name."""
    section = beside.SECTION.rpartition(".")[0]
    for field in kind.model_fields:
        yield f"{beside.SECTION}.{field}"
        if section and field != "kind":
            yield f"{section}.{field}"
            yield f"{section}.{name}.{field}"
