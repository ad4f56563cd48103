"""The JSON schema of a settings class, with the comments beside its fields as descriptions of its keys.

Whoever writes a class writes the words once. The dialect is draft 7, the newest that the language server for YAML
reads (VS Code, Neovim, Emacs and others use it).
"""

from __future__ import annotations

import ast
import inspect
import io
import re
import textwrap
import tokenize
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from tcclip.params.reader import Params

FOR_TOOLS = re.compile(r"# *(type: ignore\[[\w-]+\]|noqa: \w+) *")  # what a comment says to a linter


def class_schema(section: type[BaseModel]) -> dict[str, Any]:
    """The schema of one class, those of its sections in `$defs`."""
    return section.model_json_schema(schema_generator=_Generator)


def described(key: dict[str, Any], words: str) -> dict[str, Any]:
    """A key's schema with a description."""
    if "$ref" in key:  # draft 7 ignores what stands beside a reference
        key = {"allOf": [{"$ref": key["$ref"]}], **{name: value for name, value in key.items() if name != "$ref"}}
    return {**key, "description": words}


def comments(section: type) -> dict[str, str]:
    """What a class says about its fields: the comments in a field's lines and those that stand directly above it."""
    said: dict[str, str] = {}
    for base in reversed(section.__mro__):
        if base is section or (issubclass(base, Params) and base is not Params):
            said |= _comments(textwrap.dedent(inspect.getsource(base)))
    return said


def _comments(source: str) -> dict[str, str]:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    found = [token for token in tokens if token.type == tokenize.COMMENT]
    words = {token.start[0]: FOR_TOOLS.sub("", token.string).lstrip("# ") for token in found}
    alone = {token.start[0] for token in found if token.line.strip() == token.string}
    (body,) = ast.parse(source).body
    assert isinstance(body, ast.ClassDef)
    said = {}
    for field in body.body:
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            first = field.lineno
            while first - 1 in alone:
                first -= 1
            lines = [words[line] for line in range(first, (field.end_lineno or first) + 1) if words.get(line)]
            if lines:
                said[field.target.id] = " ".join(lines)
    return said


class _Generator(GenerateJsonSchema):
    """Pydantic's generator: in draft 7, without titles, with comments as descriptions."""

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        return _commented(super().model_schema(schema), schema["cls"])

    def dataclass_schema(self, schema: core_schema.DataclassSchema) -> JsonSchemaValue:
        return _commented(super().dataclass_schema(schema), schema["cls"])

    def tuple_schema(self, schema: core_schema.TupleSchema) -> JsonSchemaValue:
        made = super().tuple_schema(schema)
        if "prefixItems" in made:
            made["items"] = made.pop("prefixItems")
        return made

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def _commented(made: JsonSchemaValue, section: type) -> JsonSchemaValue:
    aliases = {name: field.alias for name, field in getattr(section, "model_fields", {}).items()}
    for field, words in comments(section).items():
        key = aliases.get(field) or field
        if key in made.get("properties", {}):
            made["properties"][key] = described(made["properties"][key], words)
    return made
