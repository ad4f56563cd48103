"""JSON schemas of sections that choose kinds: all kinds of an axis, with what each is and the keys that it has."""

from __future__ import annotations

import inspect
from typing import Any

from tcclip.params.kinds.axis import Kind, kinds_of
from tcclip.params.schema_of_class import class_schema, described

Schema = dict[str, Any]


def choice(axis: str) -> Schema:
    """What a file may say of an axis: a kind's bare name, or a mapping with its keys.

    The mapping may lack `kind` (a base may say it) and may have keys of other kinds (a base has those of all).
    """
    bare: Schema = {
        "oneOf": [{"const": name, "description": _what_it_is(kind)} for name, kind in kinds_of(axis).items()]
    }
    mapping = {"type": "object", "additionalProperties": False, "properties": {"kind": bare, **keys(axis)}}
    return {"anyOf": [bare, mapping]}


def keys(axis: str) -> dict[str, Schema]:
    """The keys of all kinds of an axis; a key's description begins with the kinds that have it, unless all do."""
    kinds = kinds_of(axis)
    found: dict[str, dict[str, Schema]] = {}
    for name, kind in kinds.items():
        for key, schema in _own_keys(kind).items():
            found.setdefault(key, {})[name] = schema
    return {key: _together(schemas, all_have_it=len(schemas) == len(kinds)) for key, schemas in found.items()}


def sections(axis: str) -> dict[str, Schema]:
    """Sections with a kind's name that hold its keys, for those that have keys."""
    return {
        name: {
            "type": "object",
            "additionalProperties": False,
            "properties": own,
            "description": f"{axis} {name}: {_what_it_is(kind)}",
        }
        for name, kind in kinds_of(axis).items()
        if (own := _own_keys(kind))
    }


def _own_keys(kind: type[Kind]) -> dict[str, Schema]:
    return {key: schema for key, schema in class_schema(kind)["properties"].items() if key != "kind"}


def _together(schemas: dict[str, Schema], all_have_it: bool) -> Schema:
    """One key of several kinds, by kind."""
    forms = []
    for schema in schemas.values():
        form = {name: value for name, value in schema.items() if name not in ("description", "default")}
        if form not in forms:
            forms.append(form)
    words = "; or ".join(dict.fromkeys(schema.get("description", "") for schema in schemas.values())).strip()
    owners = "" if all_have_it else f"kind {', '.join(schemas)}: "
    return described(forms[0] if len(forms) == 1 else {"anyOf": forms}, f"{owners}{words}".removesuffix(": "))


def _what_it_is(kind: type[Kind]) -> str:
    """The first line of a kind's module."""
    module = inspect.getmodule(kind)
    return (inspect.getdoc(module) or "").partition("\n")[0]
