"""JSON schemas of the files in params/, for editors: `make schemas` writes params/schemas/ from the classes."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel

from tcclip.params import Dataset, Method, Protocol, Suite, Table
from tcclip.params.kinds import schema as of_kinds
from tcclip.params.reader import params_folder
from tcclip.params.recipe import Recipe
from tcclip.params.schema_of_class import class_schema, described
from tcclip.params.temporal_context import TemporalContext

KINDS: dict[str, type[BaseModel]] = {  # of params/<kind>s/
    "dataset": Dataset,
    "method": Method,
    "protocol": Protocol,
    "suite": Suite,
    "table": Table,
}
PARTIAL = ("dataset", "method")  # files that a base completes, so that a schema cannot know which keys are missing
BASE = {"type": "string", "description": "the method's file that has everything that this one does not say"}


def schema(kind: str) -> dict[str, Any]:
    """The schema of params/<kind>s/*.yaml."""
    made = class_schema(KINDS[kind])
    del made["properties"]["name"]  # a file's name is the name
    made["required"] = [key for key in made["required"] if key != "name"]
    _choose(made, made, KINDS[kind])
    if kind == "method":
        made["properties"] = {"base": BASE, **made["properties"]}
        for part in (TemporalContext, Recipe):
            section = made["$defs"][part.__name__]
            _choose(made, section, part)
            for axis in of_kinds.axes_of(part).values():  # their keys may stand beside them
                section["properties"] |= of_kinds.keys(axis) | of_kinds.sections(axis)
    if kind in PARTIAL:
        for each in (made, *made["$defs"].values()):
            each.pop("required", None)
    made["$defs"] = {name: made["$defs"][name] for name in sorted(_named(made, made["$defs"]))}
    return {"$comment": "JSON Schema draft 7, made by `make schemas`", **made}


def text(kind: str) -> str:
    """The schema as it is in params/schemas/<kind>.json."""
    return json.dumps(schema(kind), indent=2, ensure_ascii=False) + "\n"


def _choose(whole: dict[str, Any], section: dict[str, Any], of: type[BaseModel]) -> None:
    """Put the choices of the class `of` in the place of its axes."""
    for field, axis in of_kinds.axes_of(of).items():
        whole["$defs"][axis] = of_kinds.choice(axis)
        words = section["properties"][field].get("description", "")
        section["properties"][field] = described({"$ref": f"#/$defs/{axis}"}, words)


def _named(part: Any, definitions: dict[str, Any], found: frozenset[str] = frozenset()) -> frozenset[str]:
    """The definitions that a part of a schema leads to, besides those already `found`."""
    if isinstance(part, dict):
        name = str(part.get("$ref", "")).removeprefix("#/$defs/")
        if name and name not in found:
            return _named(definitions[name], definitions, found | {name})
        part = [value for key, value in part.items() if key != "$defs"]
    for value in part if isinstance(part, list) else []:
        found = _named(value, definitions, found)
    return found


def write() -> None:
    """Write all schemas."""
    folder = params_folder() / "schemas"
    folder.mkdir(exist_ok=True)
    for kind in KINDS:
        (folder / f"{kind}.json").write_text(text(kind), encoding="utf-8")


if __name__ == "__main__":
    write()
