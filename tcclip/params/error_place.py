"""Where in a file an error is: pydantic's location without the names of classes and tags, and what may stand there."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel, Tag
from pydantic.fields import FieldInfo

from tcclip.params.kinds.one_of import OneOf

Location = tuple[int | str, ...]
WITH_LIMITS = "constrained-"  # before a type of several, where a field gives it limits


def key_at(section: type[BaseModel], location: Location) -> str:
    """The dotted key as it stands in a file."""
    return ".".join(str(part) for part, _, shown in _steps(section, location) if shown)


def keys_at(section: type[BaseModel], location: Location) -> list[str]:
    """The keys that the section has whose key is at the end of `location`."""
    *_, (_, owner, _) = _steps(section, location)
    beside: list[str] = getattr(owner, "keys_beside", list)()
    return [*_fields(owner), *beside]


def _steps(section: type[BaseModel], location: Location) -> Iterator[tuple[int | str, Any, bool]]:
    """Each part of a location with the type that it is in, and whether it stands in the file."""
    current: Any = section
    for part in location:
        kinds = _kinds(current)
        inside = next((kind for kind in kinds.values() if _is_section(kind)), None)
        one_of_several = str(part).removeprefix(WITH_LIMITS)
        if len(kinds) > 1 and one_of_several in kinds:
            current = kinds[one_of_several]
            yield part, current, False
        elif inside is not None:
            yield part, inside, True
            current = _fields(inside).get(str(part))
        else:
            yield part, current, True
            current = (get_args(next(iter(kinds.values()), None)) or (None,))[-1]  # of a list or a mapping


def _kinds(annotation: Any) -> dict[Any, Any]:
    """The types that a value may have, by what pydantic calls each in a location."""
    if get_origin(annotation) is Annotated:
        kind, *said = get_args(annotation)
        tags = [tag.tag for tag in said if isinstance(tag, Tag)]
        return {tags[0]: kind} if tags else _kinds(kind)
    if _is_section(annotation) or get_origin(annotation) in (list, dict) or not get_args(annotation):
        return {_name(annotation): annotation}
    return {name: kind for part in get_args(annotation) for name, kind in _kinds(part).items()}


def _name(kind: Any) -> Any:
    """What pydantic calls one type of several: its field `kind`, or its name."""
    field = kind.model_fields.get("kind") if isinstance(kind, type) and issubclass(kind, BaseModel) else None
    return field.default if field else getattr(kind, "__name__", None)


def _is_section(kind: Any) -> bool:
    return isinstance(kind, type) and (issubclass(kind, BaseModel) or dataclasses.is_dataclass(kind))


def _fields(section: Any) -> dict[str, Any]:
    """Key -> type, of a model or a dataclass."""
    if isinstance(section, type) and issubclass(section, BaseModel):
        return {field.alias or name: _type_of(field) for name, field in section.model_fields.items()}
    return {field.name: field.type for field in dataclasses.fields(section)} if _is_section(section) else {}


def _type_of(field: FieldInfo) -> Any:
    return next((said.union for said in field.metadata if isinstance(said, OneOf)), field.annotation)
