"""Keys that stand beside the kinds they belong to, so that a choice is one line of a method's file.

In a section with axes (`tc: {selector: ats, summarizer: kmeans, r: 100, kmeans: {iterations: 10}}`) a kind's keys may
stand in a section with its name, or directly where several kinds share them. Those of the kinds that are chosen go to
them; those of the others are checked and dropped, so that no run depends on them.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, TypeAdapter, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from tcclip.params.error_place import keys_at
from tcclip.params.kinds.axis import Kind, kinds_of, spelled
from tcclip.params.kinds.one_of import OneOf
from tcclip.params.reader import Params, nearest


class SectionOfKinds(Params):
    """A section with axes beside which the keys of their kinds may stand."""

    @model_validator(mode="before")
    @classmethod
    def _kinds_get_their_keys(cls, content: Any) -> Any:
        return gathered(content, axes_of(cls), cls.model_fields) if isinstance(content, dict) else content

    @classmethod
    def keys_beside(cls) -> list[str]:
        """Keys that the section may hold besides its own: those of its kinds, and sections named after kinds."""
        kinds = [item for axis in axes_of(cls) for item in kinds_of(axis).items()]
        sections = [name for name, kind in kinds if keys_of(kind)]
        return sorted({*sections, *(key for _, kind in kinds for key in keys_of(kind))})


def axes_of(section: type[BaseModel]) -> dict[str, str]:
    """The axes of a class by the names of their fields."""
    fields = section.model_fields.items()
    return {name: said.axis for name, field in fields for said in field.metadata if isinstance(said, OneOf)}


def gathered(content: Mapping[str, Any], axes: Iterable[str], fields: Iterable[str]) -> dict[str, Any]:
    """A section's content whose `axes` have got their kinds' keys; `fields` are the keys of the section itself."""
    result = {key: value for key, value in content.items() if key in fields}
    rest = {key: value for key, value in content.items() if key not in fields}
    for axis in axes:
        choice = spelled(content.get(axis))
        if isinstance(choice, dict) and choice.get("kind") in kinds_of(axis):
            own = kinds_of(axis)[choice["kind"]]
            section = rest.get(choice["kind"])
            shared = {key: rest[key] for key in own.model_fields if key in rest}
            result[axis] = shared | (section if isinstance(section, dict) else {}) | taken(choice, axis)
    known = [kinds_of(axis) for axis in axes]
    return result | {key: value for key, value in rest.items() if not _is_of_a_kind(key, value, known)}


def taken(content: Mapping[str, Any], axis: str) -> dict[str, Any]:
    """The content of a section that is one kind of `axis`, without the keys of other kinds, which are checked."""
    own = kinds_of(axis).get(content.get("kind", ""))
    if own is None:
        return dict(content)
    others = [kinds_of(axis)]
    return {key: value for key, value in content.items() if key in own.model_fields or not _fits(key, value, others)}


def _is_of_a_kind(key: str, value: Any, axes: list[dict[str, type[Kind]]]) -> bool:
    """Whether `key` is a kind's section or a key of one; a wrong value is a ValueError."""
    owners = [kinds[key] for kinds in axes if key in kinds and isinstance(value, dict)]
    for owner in owners:
        for name, part in value.items():
            if name not in owner.model_fields:
                raise _at(f"{key}.{name}", f"unknown key; allowed: {', '.join(keys_of(owner))}")
            _check(owner, name, part, f"{key}.{name}")
    return bool(owners) or _fits(key, value, axes)


def _fits(key: str, value: Any, axes: list[dict[str, type[Kind]]]) -> bool:
    """Whether some kind has the key; a wrong value is a ValueError."""
    owner = next((kind for kinds in axes for kind in kinds.values() if key in kind.model_fields), None)
    if owner is not None:
        _check(owner, key, value, key)
    return owner is not None


def _check(owner: type[Kind], key: str, value: Any, shown: str) -> None:
    try:
        _adapter(owner, key).validate_python(value)
    except ValidationError as error:
        first = error.errors()[0]
        below = first["loc"] if isinstance(value, dict) else ()
        shown = ".".join([shown, *(str(part) for part in below)])
        if below and first["type"] == "extra_forbidden":
            hint = nearest(str(below[-1]), keys_at(owner, (key, *below)))
            raise _at(shown, f"unknown key: {hint}") from error
        message = first["msg"].removeprefix("Value error, ")
        raise _at(shown, f"{message[0].lower()}{message[1:]} (got {first['input']!r})") from error


def _at(key: str, message: str) -> PydanticCustomError:
    """An error about a key of the section that is being read."""
    return PydanticCustomError("below", "{message}", {"below": key, "message": message})


@functools.cache
def _adapter(owner: type[Kind], key: str) -> TypeAdapter[Any]:
    field = owner.model_fields[key]
    kind: Any = Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation
    return TypeAdapter(kind)


def keys_of(owner: type[Kind]) -> list[str]:
    """A kind's own keys."""
    return [name for name in owner.model_fields if name != "kind"]
