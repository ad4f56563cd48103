"""Editors know the keys of params/: schemas made from the classes, in step with them and with the files."""

import functools
import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from tcclip.params import schemas
from tcclip.params.kinds.axes import AXES
from tcclip.params.kinds.axis import kinds_of

PARAMS = Path(__file__).parents[3] / "params"
SCHEMAS = (*schemas.KINDS, *schemas.FILES)
FILES = [(kind, path) for kind in schemas.KINDS for path in sorted((PARAMS / f"{kind}s").glob("*.yaml"))]
FILES += [(kind, PARAMS / f"{kind}.yaml") for kind in schemas.FILES]


schema = functools.cache(schemas.schema)  # of a kind; working it out takes a second


@functools.cache
def validator(kind):
    return jsonschema.Draft7Validator(schema(kind))


def refusals(kind, content):
    return [error.message for error in validator(kind).iter_errors(content)]


@pytest.mark.parametrize("kind", SCHEMAS)
def test_the_committed_schema_is_that_of_the_classes(kind):
    committed = (PARAMS / "schemas" / f"{kind}.json").read_text(encoding="utf-8")
    assert committed == schemas.text(kind), "a class of tcclip/params/ has changed: make schemas"
    jsonschema.Draft7Validator.check_schema(json.loads(committed))


@pytest.mark.parametrize("kind, path", FILES, ids=lambda value: getattr(value, "stem", value))
def test_every_file_of_params_is_right_by_its_schema(kind, path):
    assert refusals(kind, yaml.safe_load(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "kind, content, sentence",
    [
        ("method", {"base": "tc_clip", "recipe": {"optimiser": {}}}, "'optimiser' was unexpected"),
        ("method", {"base": "tc_clip", "tc": {"alfa": 0.4}}, "{'alfa': 0.4} is not valid"),
        ("method", {"base": "tc_clip", "tc": {"selector": "atc"}}, "{'selector': 'atc'} is not valid"),
        ("method", {"base": "tc_clip", "we": {"w": 1.5}}, "1.5 is greater than the maximum of 1"),
        ("method", {"recipe": {"optimizer": {"betas": [0.9, 1.5]}}}, "1.5 is greater than the maximum of 1"),
        ("dataset", {"format": "kinetiks"}, "'kinetiks' is not one of"),
        ("protocol", {"description": "no epochs"}, "'epochs' is a required property"),
        ("table", {"title": "T", "protocol": "few_shot", "columns": [], "rows": [{}]}, "'row' is a required property"),
        ("suite", {"name": "mini"}, "'name' was unexpected"),
        ("claims", {"claims": [{"name": "one", "says": "One."}]}, "'place' is a required property"),
    ],
)
def test_a_mistake_is_underlined(kind, content, sentence):
    assert any(sentence in message for message in refusals(kind, content)), refusals(kind, content)


def test_what_a_comment_says_of_a_key_is_its_description():
    made = schema("protocol")
    assert made["properties"]["total_batch"]["description"] == "videos per optimizer step"
    assert made["properties"]["views"]["description"] == "of a test video"  # a section
    selector = schema("method")["$defs"]["TemporalContext"]["properties"]["selector"]
    assert selector["description"] == "score that chooses the seed tokens (Table 8a)"  # an axis


@pytest.mark.parametrize("axis", AXES)
def test_every_kind_of_an_axis_is_offered_with_a_sentence_and_its_keys(axis):
    choices = schema("protocol" if axis == "select" else "method")["$defs"][axis]
    bare, mapping = choices["anyOf"]
    assert {kind["const"] for kind in bare["oneOf"]} == set(kinds_of(axis))
    assert all(kind["description"] for kind in bare["oneOf"])
    keys = {key for kind in kinds_of(axis).values() for key in kind.model_fields}
    assert set(mapping["properties"]) == keys


def test_the_editors_settings_name_a_schema_for_every_kind_of_file():
    settings = json.loads((PARAMS.parent / ".vscode/settings.json").read_text(encoding="utf-8"))
    folders = {f"./params/schemas/{kind}.json": f"params/{kind}s/*.yaml" for kind in schemas.KINDS}
    files = {f"./params/schemas/{kind}.json": f"params/{kind}.yaml" for kind in schemas.FILES}
    assert settings["yaml.schemas"] == folders | files


def keys(part, where=""):
    """(path, schema) of every key at any depth."""
    if isinstance(part, dict):
        for name, key in part.get("properties", {}).items():
            yield f"{where}.{name}", key
        for name, below in part.items():
            if name == "if":  # no key of its own
                continue
            yield from keys(below, f"{where}.{name}" if name not in ("properties", "$defs") else where)
    elif isinstance(part, list):
        for below in part:
            yield from keys(below, where)


@pytest.mark.parametrize("kind", SCHEMAS)
def test_every_key_has_a_sentence(kind):
    said = {where: key.get("description", "") for where, key in keys(schema(kind)) if where[-5:] != ".kind"}
    assert said
    assert [where for where, words in said.items() if not words or words.endswith(":")] == []
