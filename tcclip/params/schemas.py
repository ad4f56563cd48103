"""JSON schemas of the files in params/, for editors: `make schemas` writes params/schemas/ from the classes."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel

from tcclip.params import Method, PaperFigure, Protocol, Suite, Table
from tcclip.params.claims import Claims
from tcclip.params.dataset import Generated, Own, Release
from tcclip.params.kinds import schema as of_kinds
from tcclip.params.kinds.flat_keys import axes_of
from tcclip.params.reader import params_folder
from tcclip.params.recipe import Recipe
from tcclip.params.schema_of_class import class_schema, described
from tcclip.params.temporal_context import TemporalContext

KINDS: dict[str, Any] = {  # of params/<kind>s/
    "dataset": None,  # one of DATASETS
    "figure": PaperFigure,
    "method": Method,
    "protocol": Protocol,
    "suite": Suite,
    "table": Table,
}
FILES: dict[str, type[BaseModel]] = {"claims": Claims}  # params/<name>.yaml
DATASETS: tuple[type[Generated | Release | Own], ...] = (Generated, Release, Own)
PARTIAL = ("dataset", "method")  # files that a base completes, so that a schema cannot know which keys are missing
BASE = {"type": "string", "description": "the method's file that has everything that this one does not say"}


def schema(kind: str) -> dict[str, Any]:
    """The schema of params/<kind>s/*.yaml, or of a single file."""
    if kind in FILES:
        made = class_schema(FILES[kind])
    elif kind == "dataset":
        made = _dataset()
    else:
        made = _whole(KINDS[kind])
        _choose(made, made, KINDS[kind])
    if kind == "method":
        made["properties"] = {"base": BASE, **made["properties"]}
        for part in (TemporalContext, Recipe):
            section = made["$defs"][part.__name__]
            _choose(made, section, part)
            for axis in axes_of(part).values():  # their keys may stand beside them
                section["properties"] |= of_kinds.keys(axis) | of_kinds.sections(axis)
    if kind in PARTIAL:
        for each in (made, *made["$defs"].values()):
            each.pop("required", None)
    made["$defs"] = {name: made["$defs"][name] for name in sorted(_named(made, made["$defs"]))}
    return {"$comment": "JSON Schema draft 7, made by `make schemas`", **made}


def _whole(section: type[BaseModel]) -> dict[str, Any]:
    """The schema of a class whose name is that of its file."""
    made = class_schema(section)
    del made["properties"]["name"]
    made["required"] = [key for key in made["required"] if key != "name"]
    return made


def _dataset() -> dict[str, Any]:
    """A dataset's file is of the class that `load_dataset` reads it as."""
    definitions: dict[str, Any] = {}
    for one in DATASETS:
        made = _whole(one)
        definitions |= {**made.pop("$defs"), one.__name__: made}
    own, generated, release = ({"$ref": f"#/$defs/{one.__name__}"} for one in (Own, Generated, Release))
    csv = {"properties": {"format": {"const": "csv"}}, "required": ["format"]}
    rest = {"if": {"required": ["generate"]}, "then": generated, "else": release}
    return {"if": {"anyOf": [csv, {"required": ["suite"]}]}, "then": own, "else": rest, "$defs": definitions}


def text(kind: str) -> str:
    """The schema as it is in params/schemas/<kind>.json."""
    return json.dumps(schema(kind), indent=2, ensure_ascii=False) + "\n"


def _choose(whole: dict[str, Any], section: dict[str, Any], of: type[BaseModel]) -> None:
    """Put the choices of the class `of` in the place of its axes."""
    for field, axis in axes_of(of).items():
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
    for kind in (*KINDS, *FILES):
        (folder / f"{kind}.json").write_text(text(kind), encoding="utf-8")


if __name__ == "__main__":
    write()
