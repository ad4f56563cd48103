"""The value of a YAML text, without what YAML would take for something else in silence."""

from __future__ import annotations

import re
from typing import Any

import yaml

from tcclip.errors import UserError

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # written in C where PyYAML has it: ten times as fast
TAG = "tag:yaml.org,2002:"
MERGE = f"{TAG}merge"  # of the key <<, which may stand several times
OCTAL = re.compile("[+-]?0[0-7_]+")


def value_of(text: str, where: object) -> Any:
    """What a text holds; `where` begins the errors.

    Raises:
        UserError: a key that is there twice, a value inside itself, or a number that YAML reads as another one.
        yaml.YAMLError: no YAML.
    """
    loader = LOADER(text)
    node = loader.get_single_node()
    if node is None:
        return None
    _check(node, "", where, [], set())
    return loader.construct_document(node)


def _check(node: yaml.Node, key: str, where: object, around: list[yaml.Node], seen: set[int]) -> None:
    """Look at a node and all below it; `around` are the nodes that it stands in."""
    if node in around:
        raise UserError(f"{where}: {key} is inside itself: an alias (*) cannot stand below its own anchor (&)")
    if id(node) in seen:  # an alias of what was looked at
        return
    seen.add(id(node))
    below: list[tuple[str, yaml.Node]] = []
    if isinstance(node, yaml.ScalarNode):
        _refuse_another_number(node, key, where)
    elif isinstance(node, yaml.SequenceNode):
        below = [(str(place), part) for place, part in enumerate(node.value)]
    elif isinstance(node, yaml.MappingNode):
        _refuse_a_key_twice(node, where)
        below = [(str(name.value), part) for name, value in node.value for part in (name, value)]
    for name, part in below:
        _check(part, f"{key}.{name}" if key else name, where, [*around, node], seen)


def _refuse_a_key_twice(node: yaml.MappingNode, where: object) -> None:
    """Of two values of one key YAML takes the last one."""
    lines: dict[tuple[str, str], int] = {}
    for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode) and key.tag != MERGE):
        line = key.start_mark.line + 1
        if (before := lines.setdefault((key.tag, key.value), line)) != line:
            raise UserError(f"{where}: key '{key.value}' is there twice, in lines {before} and {line}: keep one")


def _refuse_another_number(node: yaml.ScalarNode, key: str, where: object) -> None:
    """To YAML 010 is the octal 8, and 1:30 is 90, of base 60."""
    octal = node.tag == f"{TAG}int" and OCTAL.fullmatch(node.value)
    if octal or (node.tag in (f"{TAG}int", f"{TAG}float") and ":" in node.value):
        taken = yaml.safe_load(node.value)
        meant = f"{int(node.value.replace('_', ''))} for the number" if octal else f"{taken} for this number"
        place = f"{where}: {key}" if key else where
        raise UserError(
            f"{place}: {node.value} is {taken} to YAML, {'octal' if octal else 'of base 60'}: write {meant}, or "
            f"'{node.value}' in quotes for the word"
        )
