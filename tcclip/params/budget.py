"""Values put over those of a file: a value replaces, and {times: F} scales the number that is there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from tcclip.errors import UserError
from tcclip.params.reader import Section, validate

TIMES = "times"  # the key of a factor


class SuiteBudget(NamedTuple):
    """Values put over those of a protocol or method, section by section."""

    values: dict[str, Any]
    where: str  # the file and key they come from


def put_over(content: dict[str, Any], budget: SuiteBudget, section: str = "") -> dict[str, Any]:
    """`content` with the values of a budget; a scaled count is rounded and stays at least 1 where it was.

    section: of the file, which `content` is, as its keys begin.

    Raises:
        UserError: a factor that is none, or one for something that is no number; it names the key.
    """
    changed = dict(content)
    for name, value in budget.values.items():
        known, key = content.get(name), f"{section}{name}"
        if isinstance(value, dict) and TIMES in value:
            changed[name] = _scaled(key, known, value, budget.where)
        elif isinstance(value, dict) and isinstance(known, dict):
            changed[name] = put_over(known, SuiteBudget(value, budget.where), f"{key}.")
        else:
            changed[name] = value
    return changed


def read_in_layers(
    section: type[Section], content: dict[str, Any], where: str, layers: Sequence[SuiteBudget], beside: str = ""
) -> Section:
    """`content`, which `where` holds, with `layers` put over it, one after the other.

    beside: what errors say behind the place of a layer.

    Raises:
        UserError: it names `where`, or the first of the layers that does not fit what it is put over.
    """
    made = content
    for layer in layers:
        made = put_over(made, layer)
    try:
        return validate({**made, "name": content["name"]}, section, layers[-1].where + beside if layers else where)
    except UserError:
        for layer in layers:  # the mistake is of the first layer that has it
            validate(content, section, where)
            content, where = put_over(content, layer), layer.where + beside
        raise


def factors(values: dict[str, Any], section: str = "") -> dict[str, float]:
    """The dotted keys that a budget scales, with their factors: {"tc.k": 0.25}."""
    found: dict[str, float] = {}
    for name, value in values.items():
        if isinstance(value, dict):
            key = f"{section}{name}"
            found |= {key: value[TIMES]} if TIMES in value else factors(value, f"{key}.")
    return found


def _scaled(key: str, known: Any, value: dict[str, Any], where: str) -> Any:
    factor = value[TIMES]
    if len(value) > 1 or isinstance(factor, bool) or not isinstance(factor, int | float) or factor <= 0:
        raise UserError(f"{where}: {key}: {TIMES} must be a number above 0 and alone, for example {{{TIMES}: 200}}")
    if isinstance(known, bool) or not isinstance(known, int | float):
        raise UserError(f"{where}: {key}: {TIMES} scales a number that is there, and this is {known!r}")
    return max(min(known, 1), round(known * factor)) if isinstance(known, int) else known * factor
