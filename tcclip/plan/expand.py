"""One table of the plan expanded to cells, evaluations and the runs they need, by pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from tcclip.errors import UserError, unknown
from tcclip.params import Dataset, Method, Protocol, Suite, Table, load_dataset
from tcclip.params.column import (
    Column,
    CostColumn,
    HarmonicMeanColumn,
    MeanColumn,
    MeasuredColumn,
    TableColumn,
    ViewsColumn,
)
from tcclip.params.exceptions import excepted_datasets
from tcclip.params.reader import names, path_of, read_yaml
from tcclip.params.table import Row
from tcclip.params.variants import place_of
from tcclip.plan import texts
from tcclip.plan.cells import Average, Cell, Content, Counted, Looks, Measured, Shown
from tcclip.plan.evaluation import Evaluation
from tcclip.plan.runs import Run, run_for, seeds_of, train_split, trainings
from tcclip.plan.values import method_of, protocol_of

Place = tuple[str, str]  # group and row


class MethodRow(NamedTuple):
    """A row with a method, and the table whose columns it fills."""

    suite: Suite
    table: Table
    place: Place
    method: Method
    we: bool  # with weight ensemble


def check_columns(suite: Suite, table: Table) -> None:
    """Every dataset, split, number of shots and other table that a table names must exist."""
    for shown in (column for column in table.columns if isinstance(column, TableColumn)):
        other = shown.from_table.table
        if other not in {*names("tables"), *names("datasets")}:  # a dataset of one's own has one
            raise unknown(f"table, shown in column {shown.name} of {table.name},", other, names("tables"))
    for column in table.measured:
        protocol = protocol_of(suite, table.protocol_of(column))
        if bool(protocol.shots) != (column.shots is not None):
            says = "needs `shots`, the videos of a class that it trains on" if protocol.shots else "has no `shots`"
            raise UserError(f"column {column.name} of {table.name}: a column of protocol {protocol.name} {says}")
        tested = _dataset(suite, table, column, column.dataset)
        for split in column.splits:
            if split not in tested.all_splits:
                raise unknown(f"split in column {column.name} of {table.name}", split, tested.all_splits)
        trained = _dataset(suite, table, column, table.trained_on(column))
        train_splits = [train_split(protocol, *training) for training in trainings(column, protocol)]
        for split in (*train_splits, protocol.validation.split):
            if split not in trained.all_splits:
                raise unknown(
                    f"split of {trained.name}, needed by column {column.name} of {table.name},",
                    split,
                    trained.all_splits,
                )


def _dataset(suite: Suite, table: Table, column: MeasuredColumn, role: str) -> Dataset:
    """The dataset that plays a role of a column; UserError where the suite has none."""
    if role not in suite.datasets:
        where = f"{path_of('suites', suite.name)} in column {column.name} of {table.name}"
        raise unknown(f"dataset of {where}", role, suite.datasets)
    return load_dataset(suite.dataset(role))


def check_method_in(suite: Suite, method: Method, protocols: Iterable[Protocol]) -> None:
    """The suite's backbone can run a method, and the protocols that it brings values for exist."""
    for protocol in method.protocols:
        if protocol not in (known := names("protocols")):
            raise unknown(f"protocol in {place_of(method.name)}: protocols:", protocol, known)
    for protocol, values in method.protocols.items():
        for dataset in excepted_datasets(values):
            if dataset not in (roles := _roles(suite)):
                where = f"{place_of(method.name)}: protocols.{protocol}.exceptions:"
                raise unknown(f"dataset in {where}", dataset, roles)
    sizes = suite.backbone.architecture
    for frames in {protocol.frames for protocol in protocols}:
        method.check_sizes(sizes.patches, frames, sizes.vision_layers)


def _roles(suite: Suite) -> set[str]:
    """The paper's datasets, by any suite: a method serves all of them."""
    every = (read_yaml(path_of("suites", name)).get("datasets") or {} for name in names("suites"))
    return {*suite.datasets, *(role for roles in every for role in roles)}


def quoted(suite: Suite, table: Table, row: Row) -> bool:
    """Whether the suite asks that a row is quoted instead of run."""
    return row.row in suite.quoted_rows or f"{table.name}/{row.row}" in suite.quoted_rows


def expand(suite: Suite, table: Table, tables: Mapping[str, Table] | None = None) -> tuple[list[Cell], list[Run]]:
    """The cells of a table in published order, and the runs they need; `tables` are those that it may quote."""
    check_columns(suite, table)
    cells: list[Cell] = []
    runs: list[Run] = []
    for row in table.rows:
        method = method_of(suite, row.method_name) if row.method_name and not quoted(suite, table, row) else None
        if method is None or _has_no_texts(suite, table, method):
            cells += [Cell(table.name, row.group, row.row, column.name) for column in table.columns]
            continue
        asked = table.model_copy(update={"columns": [c for c in table.columns if c.name not in row.skip]})
        found, needed = _row(MethodRow(suite, asked, (row.group, row.row), method, row.we), tables or {})
        filled = {cell.column: cell for cell in found}
        empty = (Cell(table.name, row.group, row.row, column.name) for column in table.columns)
        cells += [filled.get(cell.column, cell) for cell in empty]
        runs += needed
    return cells, runs


def _row(row: MethodRow, tables: Mapping[str, Table]) -> tuple[list[Cell], list[Run]]:
    """The cells of a row with a method, and the runs they need."""
    table, method = row.table, row.method
    protocols = {name: protocol_of(row.suite, name, method) for name in {table.protocol_of(c) for c in table.columns}}
    check_method_in(row.suite, method, protocols.values())
    cells: list[Cell] = []
    runs: list[Run] = []
    for column in table.columns:
        content, needed = _content(row, column, protocols[table.protocol_of(column)], tables)
        cells.append(Cell(table.name, *row.place, column.name, content, method.name))
        runs += needed
    return cells, runs


def _content(
    row: MethodRow, column: Column, protocol: Protocol, tables: Mapping[str, Table]
) -> tuple[Content | None, list[Run]]:
    """What fills the cell of a column, and the runs that this needs."""
    match column:
        case MeasuredColumn():
            return _measured(row, column, protocol)
        case MeanColumn():
            return Average(tuple(column.mean_of)), []
        case HarmonicMeanColumn():
            return Average(tuple(column.harmonic_mean_of), harmonic=True), []
        case TableColumn():
            return _shown(row, column, tables)
        case CostColumn():
            return Counted(row.method.name, column.cost), []
        case ViewsColumn():
            count = protocol.frames if column.views == "frames" else getattr(protocol.views, column.views)
            return Looks(row.method.name, count), []


def _measured(row: MethodRow, column: MeasuredColumn, protocol: Protocol) -> tuple[Measured | None, list[Run]]:
    suite, role = row.suite, row.table.trained_on(column)
    if (method := _with_texts(suite, row.method, role, column.dataset)) is None:
        return None, []
    runs = [
        run_for(suite, method, protocol, role, *training, seed=seed)
        for seed in seeds_of(suite, row.table.name, method, protocol, role)
        for training in trainings(column, protocol)
    ]
    every = [
        Evaluation(run.name, column.dataset, split, protocol.views, row.we, run.seed)
        for run in runs
        for split in column.splits
    ]
    evaluations = tuple(dict.fromkeys(every))  # an untrained method has one run for all trainings
    return Measured(column.metric, evaluations, over_shots=len(column.trainings) > 1), runs


def _has_no_texts(suite: Suite, table: Table, method: Method) -> bool:
    """Whether no column of a table can be measured for want of texts from outside."""
    columns = table.measured if method.outside_of_training else []
    found = [_with_texts(suite, method, table.trained_on(column), column.dataset) for column in columns]
    return bool(found) and not any(found)


def _with_texts(suite: Suite, method: Method, trained: str, tested: str) -> Method | None:
    """The method, or the one that stands in for it where a dataset has no rephrased names.

    None where the texts that it needs from outside are not used by the suite, or are not there.
    """
    of_training = [(load_dataset(suite.dataset(trained)), kind) for kind in method.outside_of_training if method.train]
    needs = [*of_training, *((load_dataset(suite.dataset(tested)), kind) for kind in method.outside)]
    if not all(texts.used(suite, *need) for need in needs):
        return None
    if all(dataset.has_texts(kind) for dataset, kind in needs):
        return method
    return method_of(suite, method.names.otherwise) if method.names.otherwise else None


def _shown(row: MethodRow, column: TableColumn, tables: Mapping[str, Table]) -> tuple[Shown | None, list[Run]]:
    """What another table has for the method, with runs of its own where that table has no such row.

    Nothing while the suite has not got that table. With weight ensemble, if that table has such a row of the name, or
    none of the name and some system with and without it. Where it runs a system of the same name by another recipe
    only, it is that one.
    """
    source = column.from_table
    table = tables.get(source.table)
    if table is None:
        return None, []
    if source.column not in (known := [column.name for column in table.columns]):
        where = f"column {column.name} of {row.table.name}"
        raise unknown(f"column of {table.name}, shown in {where},", source.column, known)
    check_columns(row.suite, table)
    method, name = _method_there(row.suite, table, row.place, row.method), row.place[1]
    ensembles = {other.row for other in table.rows if other.we}
    plain = {other.row for other in table.rows if not other.we}
    we = name in ensembles if name in ensembles | plain else bool(ensembles & plain)
    cells, runs = _row(MethodRow(row.suite, table, row.place, method, we), {})
    return Shown(source.column, {cell.column: cell for cell in cells}), runs


def _method_there(suite: Suite, table: Table, place: Place, method: Method) -> Method:
    """The method of a row in another table: the same if a row there has it, else that of the row with its name."""
    there = [row for row in table.rows if row.method_name and not quoted(suite, table, row)]
    if any(row.method_name == method.name for row in there):
        return method
    named = next((row.method_name for row in there if row.row == place[1]), None)
    return method_of(suite, named) if named else method
