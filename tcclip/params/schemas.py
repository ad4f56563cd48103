"""JSON schemas of the files in params/, for editors: `make schemas` writes params/schemas/ from the classes.

A key's description is the comment beside its field, so that whoever writes the class writes it once. The dialect is
draft 7, the newest that the language server for YAML reads (VS Code, Neovim, Emacs and others use it).
"""

from __future__ import annotations

import ast
import inspect
import io
import json
import textwrap
import tokenize
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from tcclip.params import Dataset, Method, Protocol, Suite, Table
from tcclip.params.reader import params_folder

KINDS: dict[str, type[BaseModel]] = {  # of params/<kind>s/
    "dataset": Dataset,
    "method": Method,
    "protocol": Protocol,
    "suite": Suite,
    "table": Table,
}
# Files that say only what differs from another file, so that a schema cannot know which keys are missing.
BASE = {"method": "the method's file that has everything that this one does not say", "dataset": None}


def schema(kind: str) -> dict[str, Any]:
    """The schema of params/<kind>s/*.yaml."""
    made = KINDS[kind].model_json_schema(schema_generator=_Generator)
    del made["properties"]["name"]  # a file's name is the name
    made["required"] = [key for key in made["required"] if key != "name"]
    if kind in BASE:
        for section in (made, *made["$defs"].values()):
            section.pop("required", None)
        if words := BASE[kind]:
            made["properties"] = {"base": {"type": "string", "description": words}, **made["properties"]}
    return {"$schema": _Generator.schema_dialect, **made}


def text(kind: str) -> str:
    """The schema as it is in params/schemas/<kind>.json."""
    return json.dumps(schema(kind), indent=2, ensure_ascii=False) + "\n"


class _Generator(GenerateJsonSchema):
    """Pydantic's generator: in draft 7, without titles, with the comments of a class as descriptions of its keys."""

    schema_dialect = "http://json-schema.org/draft-07/schema#"

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        return _described(super().model_schema(schema), schema["cls"])

    def dataclass_schema(self, schema: core_schema.DataclassSchema) -> JsonSchemaValue:
        return _described(super().dataclass_schema(schema), schema["cls"])

    def tuple_schema(self, schema: core_schema.TupleSchema) -> JsonSchemaValue:
        made = super().tuple_schema(schema)
        if "prefixItems" in made:
            made["items"] = made.pop("prefixItems")
        return made

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def _described(made: JsonSchemaValue, section: type) -> JsonSchemaValue:
    for field, words in comments(section).items():
        key = made["properties"][field]
        if "$ref" in key:
            key["allOf"] = [{"$ref": key.pop("$ref")}]  # draft 7 ignores what stands beside a reference
        key["description"] = words
    return made


def comments(section: type) -> dict[str, str]:
    """What a class says about its fields: the comments in a field's lines and those that stand directly above it."""
    source = textwrap.dedent(inspect.getsource(section))
    found = [
        token for token in tokenize.generate_tokens(io.StringIO(source).readline) if token.type == tokenize.COMMENT
    ]
    words = {token.start[0]: token.string.lstrip("# ") for token in found}
    alone = {token.start[0] for token in found if token.line.strip() == token.string}
    (body,) = ast.parse(source).body
    assert isinstance(body, ast.ClassDef)
    said = {}
    for field in body.body:
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            first = field.lineno
            while first - 1 in alone:
                first -= 1
            lines = [words[line] for line in range(first, (field.end_lineno or first) + 1) if line in words]
            if lines:
                said[field.target.id] = " ".join(lines)
    return said


def write() -> None:
    """Write all schemas."""
    folder = params_folder() / "schemas"
    folder.mkdir(exist_ok=True)
    for kind in KINDS:
        (folder / f"{kind}.json").write_text(text(kind), encoding="utf-8")


if __name__ == "__main__":
    write()
