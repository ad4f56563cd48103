"""Variants: methods that a row of a table makes of another one by `set`, known by name like those that have files."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tcclip.errors import UserError, unknown
from tcclip.params.reader import names, params_folder, path_of, read_yaml, validate, versions
from tcclip.params.table import Row


@dataclass(frozen=True)
class Variant:
    """One method with some keys changed."""

    name: str
    base: str  # the method that is changed: of a file, or a variant itself
    changes: dict[str, Any]  # dotted keys
    row: str
    numbered: bool  # the table's rows are numbers
    display: str | None
    description: str | None
    where: str  # file and row

    def display_over(self, base: str) -> str:
        """The name in tables: as stated, or the row's; where rows are numbers, `base` with what is changed."""
        changed = ", ".join(f"{key.rpartition('.')[2]} {value}" for key, value in self.changes.items())
        return self.display or (f"{base}, {changed}" if self.numbered else self.row)

    def description_over(self, base: str) -> str:
        """As stated, or what is changed of `base`."""
        changed = ", ".join(f"{key} = {value}" for key, value in self.changes.items())
        return self.description or f"{base} with {changed}"


def variants() -> Mapping[str, Variant]:
    """All variants by name, of every file in params/tables/."""
    return _variants(versions("tables"), frozenset(names("methods")))


def method_names() -> list[str]:
    """Every method that can be named: those of params/methods/ and all variants."""
    return sorted({*names("methods"), *variants()})


def variant_named(name: str) -> Variant | None:
    """The variant of that name; None for a method that has a file; an unknown name is an error with the nearest one."""
    if (params_folder() / "methods" / f"{name}.yaml").is_file():
        return None
    if name not in (known := variants()):
        raise unknown("method", name, method_names())
    return known[name]


def place_of(method: str) -> str:
    """Where a person changes a method: its file, or the row of a table that makes it."""
    variant = variant_named(method)
    return variant.where if variant else str(path_of("methods", method))


@functools.cache
def _variants(tables: object, methods: frozenset[str]) -> dict[str, Variant]:
    """Read once for these versions of `tables`, because hundreds of runs share a few."""
    found: dict[str, Variant] = {}
    for table in names("tables"):
        path = path_of("tables", table)
        content = read_yaml(path)
        for raw in content.get("rows") or []:
            if not isinstance(raw, dict) or not (raw.get("set") or raw.get("as")):
                continue
            row = validate(raw, Row, where := f"{path}, row '{raw.get('row')}'")
            assert row.method is not None and row.variant is not None  # a row with `set` has both
            axis = content.get("axis") is not None
            made = Variant(row.variant, row.method, row.set, row.row, axis, row.display, row.description, where)
            if made.name in methods:
                raise UserError(f"{where}: as: '{made.name}' is the name of {path_of('methods', made.name)} already")
            found[made.name] = _one(found.get(made.name), made)
    for variant in found.values():
        _check_chain(variant, found)
    return found


def _one(before: Variant | None, made: Variant) -> Variant:
    """The one meaning of a name that several rows state."""
    if before is None:
        return made
    if (before.base, before.changes) != (made.base, made.changes):
        raise UserError(
            f"'{made.name}' means two methods: {before.where} has {_stated(before)}, {made.where} has {_stated(made)}: "
            "give one of them another name (as:)"
        )
    return replace(before, display=before.display or made.display, description=before.description or made.description)


def _stated(variant: Variant) -> str:
    return f"{variant.base} with {', '.join(f'{key}: {value}' for key, value in variant.changes.items())}"


def _check_chain(variant: Variant, known: Mapping[str, Variant]) -> None:
    """Refuse a variant that is made of itself."""
    seen, base = {variant.name}, variant.base
    while base in known:
        if base in seen:
            raise UserError(f"{variant.where}: '{variant.name}' is a variant of itself: name another method")
        seen.add(base)
        base = known[base].base
