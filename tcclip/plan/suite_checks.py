"""What a suite's file names must exist, and must not be another suite's."""

from __future__ import annotations

from collections.abc import Collection

from tcclip.errors import UserError, unknown
from tcclip.params import Suite, load_table
from tcclip.params.reader import flat, names, path_of, read_yaml, validate
from tcclip.params.seeds import EVERY
from tcclip.params.suite import BackboneSource
from tcclip.params.variants import method_names


def check_backbone(suite: Suite) -> None:
    """Two suites that share a backbone's folder must mean the same weights, or each would make them anew."""
    own = suite.backbone
    for name in names("suites"):
        path = path_of("suites", name)
        other = read_yaml(path).get("backbone")
        if name == suite.name or not isinstance(other, dict) or other.get("name") != own.name:
            continue
        ours, theirs = flat(own.model_dump()), flat(validate(other, BackboneSource, path).model_dump())
        differing = sorted(key for key in {*ours, *theirs} if ours.get(key) != theirs.get(key))
        if differing:
            raise UserError(
                f"{path_of('suites', suite.name)}: backbone.name '{own.name}' is that of {path}, whose"
                f" backbone.{differing[0]} is another: give one of the two another name"
            )


def check_quoted(suite: Suite) -> None:
    """Every row that a suite quotes must exist in a table, though the suite may have others."""
    tables = [load_table(name) for name in names("tables")] if suite.quoted_rows else []
    known = {name for table in tables for row in table.rows for name in (row.row, f"{table.name}/{row.row}")}
    for name in suite.quoted_rows:
        if name not in known:
            raise unknown(f"row in {path_of('suites', suite.name)}: quoted_rows:", name, known)


def check_first_look(suite: Suite) -> None:
    """The table and the methods that a suite shows first must exist, though the suite may have others."""
    look, where = suite.first_look, f"in {path_of('suites', suite.name)}: first_look:"
    if look and look.table not in names("tables"):
        raise unknown(f"table {where}", look.table, names("tables"))
    for method in look.methods if look else []:
        if method not in method_names():
            raise unknown(f"method {where}", method, method_names())


def check_seeds(suite: Suite, tables: Collection[str], methods: Collection[str]) -> None:
    """What a suite gives seeds to must exist; `tables` are those that it has, `methods` those of its runs."""
    known, places = {*names("methods"), *methods}, {*names("protocols"), *names("tables"), *tables}
    for key in suite.seeds:
        place, _, method = key.rpartition("/")
        where = f"in seeds of suite {suite.name}:"
        if place and place not in places:
            raise unknown(f"protocol or table {where}", place, places)
        if method not in known and key != EVERY:
            raise unknown(f"method {where}", method, known)
