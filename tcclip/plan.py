"""The plan: params/tables/*.yaml expanded to cells, evaluations and runs by pure functions.

The Snakefile, the command line, MLflow's tags and the reports ask this module; nobody else makes a run's name.
Importing it imports no torch and reads only params/.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, replace

from tcclip.errors import unknown
from tcclip.params import (
    Dataset,
    Method,
    Protocol,
    Suite,
    Table,
    load_dataset,
    load_method,
    load_protocol,
    load_suite,
    load_table,
)
from tcclip.params.protocol import Views
from tcclip.params.reader import path_of
from tcclip.params.table import Column, Cost, FromTable, Row
from tcclip.params.vision import check_method


@dataclass(frozen=True)
class Run:
    """One training, or an untrained method (then `role`, `shots` and `seed` are None)."""

    name: str
    protocol: str
    method: str
    role: str | None  # the paper's dataset it is trained on
    shots: int | None
    seed: int | None

    @property
    def trained(self) -> bool:
        """Whether the run has weights of its own."""
        return self.role is not None


@dataclass(frozen=True)
class Evaluation:
    """One run on one split."""

    run: str
    role: str
    split: str
    views: Views
    we: bool

    @property
    def name(self) -> str:
        """For example hmdb51-test1-2x1-we: dataset, split, temporal x spatial views, weight ensemble."""
        views = f"{self.views.temporal}x{self.views.spatial}" + ("" if self.views.mode == "paper" else "-even")
        return f"{self.role}-{self.split}-{views}" + ("-we" if self.we else "")


@dataclass(frozen=True)
class Cell:
    """One cell of a table: what fills it. No evaluations and no `mean_of`: nothing is run for it."""

    table: str
    group: str
    row: str
    column: str
    metric: str
    evaluations: tuple[Evaluation, ...]
    mean_of: tuple[str, ...]
    method: str | None = None
    cost: Cost | None = None  # computed or measured apart from any run
    source: tuple[Cell, ...] = ()  # a row of another table, of which `source_column` is shown here
    source_column: str = ""
    over_shots: bool = False  # the evaluations are at several K, so that their deviation says nothing about chance


@dataclass(frozen=True)
class Plan:
    """All runs and cells of a suite."""

    suite: Suite
    tables: dict[str, Table]
    cells: dict[str, tuple[Cell, ...]]
    runs: dict[str, Run]

    def run(self, name: str) -> Run:
        """A run by name; an unknown name is an error with the nearest one."""
        if name not in self.runs:
            raise unknown("run", name, self.runs)
        return self.runs[name]

    def table(self, name: str) -> Table:
        """A table by name; an unknown name is an error with the nearest one."""
        if name not in self.tables:
            raise unknown("table", name, self.tables)
        return self.tables[name]

    def dataset(self, role: str) -> Dataset:
        """The dataset that plays `role` in this suite."""
        return load_dataset(self.suite.dataset(role))

    def protocol(self, name: str) -> Protocol:
        """A protocol with this suite's budgets."""
        return load_protocol(name, self.suite.protocols.get(name), str(path_of("suites", self.suite.name)))

    def evaluations(self, run: str) -> list[Evaluation]:
        """Everything a run is evaluated on, for all tables."""
        found = {e.name: e for cells in self.cells.values() for cell in cells for e in cell.evaluations if e.run == run}
        return [found[name] for name in sorted(found)]

    def tables_of(self, run: str) -> list[str]:
        """The tables a run serves."""
        return [
            table
            for table, cells in self.cells.items()
            if any(evaluation.run == run for cell in cells for evaluation in cell.evaluations)
        ]

    def runs_of(self, table: str) -> list[str]:
        """The runs a table needs."""
        return sorted({e.run for cell in self.cells[table] for e in cell.evaluations})

    def train_split(self, run: Run) -> str:
        """The name of the split a run is trained on."""
        return self.protocol(run.protocol).train_split.format(shots=run.shots)

    @property
    def datasets(self) -> dict[str, Dataset]:
        """The suite's datasets by file name."""
        return {name: load_dataset(name) for name in self.suite.datasets.values()}

    @property
    def benched(self) -> list[str]:
        """The methods whose throughput a table shows."""
        cells = [cell for cells in self.cells.values() for cell in cells if cell.cost == "throughput_views_per_s"]
        return list(dict.fromkeys(cell.method for cell in cells if cell.method))

    @property
    def methods(self) -> list[str]:
        """The methods that some run uses."""
        return sorted({run.method for run in self.runs.values()})


def run_for(method: Method, protocol: Protocol, role: str, shots: int | None) -> Run:
    """The run that a cell needs; methods without training have one run for everything."""
    if not method.train:
        return Run(f"untrained-{method.name}", protocol.name, method.name, None, None, None)
    parts = [protocol.name, role, f"k{shots}" if shots else "", method.name, f"s{protocol.seed}"]
    return Run("-".join(part for part in parts if part), protocol.name, method.name, role, shots, protocol.seed)


def check_columns(suite: Suite, table: Table, protocol: Protocol) -> None:
    """Every dataset, split and number of shots that a table names must exist in the suite."""
    for column in table.columns:
        if column.dataset is None:
            continue
        tested = load_dataset(suite.dataset(column.dataset))
        for split in column.splits:
            if split not in tested.splits:
                raise unknown(f"split in column {column.name} of {table.name}", split, tested.splits)
        trained = load_dataset(suite.dataset(table.train_dataset or column.dataset))
        train_splits = [protocol.train_split.format(shots=shots) for shots in column.trainings]
        for split in (*train_splits, protocol.validation.split):
            if split not in trained.all_splits:
                raise unknown(
                    f"split of {trained.name}, needed by column {column.name} of {table.name},",
                    split,
                    trained.all_splits,
                )


def expand(suite: Suite, table: Table, tables: Mapping[str, Table] | None = None) -> tuple[list[Cell], list[Run]]:
    """The cells of a table in published order, and the runs they need; `tables` are those that it may quote."""
    protocol = load_protocol(table.protocol, suite.protocols.get(table.protocol), str(path_of("suites", suite.name)))
    check_columns(suite, table, protocol)
    cells: list[Cell] = []
    runs: list[Run] = []
    for row in table.rows:
        method = load_method(row.method) if row.method else None
        if method:
            sizes = suite.backbone.architecture
            check_method(method, sizes.patches, protocol.frames, sizes.vision_layers)
        for column in table.columns:
            cell, needed = _cell(suite, table, protocol, row, method, column)
            if method and column.from_table:
                cell, needed = _cell_of_another(suite, cell, column.from_table, tables or {})
            cells.append(cell)
            runs += needed
    return cells, runs


def _cell(
    suite: Suite, table: Table, protocol: Protocol, row: Row, method: Method | None, column: Column
) -> tuple[Cell, list[Run]]:
    """A cell and the runs it needs, without what another table gives it."""
    runs: list[Run] = []
    evaluations: list[Evaluation] = []
    if method and column.dataset:
        role = table.train_dataset or column.dataset
        runs = [run_for(method, protocol, role, shots) for shots in column.trainings]
        evaluations = [
            Evaluation(run.name, column.dataset, split, protocol.views, row.we)
            for run in runs
            for split in column.splits
        ]
    cell = Cell(
        table.name,
        row.group,
        row.row,
        column.name,
        column.metric,
        tuple(evaluations),
        tuple(column.mean_of) if method else (),
        method=row.method,
        cost=column.cost if method else None,
        over_shots=len(column.trainings) > 1,
    )
    return cell, runs


def _cell_of_another(
    suite: Suite, cell: Cell, source: FromTable, tables: Mapping[str, Table]
) -> tuple[Cell, list[Run]]:
    """`cell` filled from `source`: from its row of the same method, or from runs of its own where there is no such row.

    Nothing while the suite has not got that table.
    """
    table = tables.get(source.table)
    if table is None:
        return cell, []
    if source.column not in (names := [column.name for column in table.columns]):
        raise unknown(f"column of {table.name}, shown in column {cell.column} of {cell.table},", source.column, names)
    row = Row(group=cell.group, row=cell.row, method=cell.method, we=any(row.we for row in table.rows))
    cells, runs = expand(suite, table.model_copy(update={"rows": [row]}))
    evaluations = tuple(dict.fromkeys(evaluation for part in cells for evaluation in part.evaluations))
    return replace(cell, evaluations=evaluations, source=tuple(cells), source_column=source.column), runs


@functools.cache
def load_plan(suite_name: str) -> Plan:
    """The plan of a suite."""
    suite = load_suite(suite_name)
    for protocol in suite.protocols:
        path_of("protocols", protocol)  # a budget for a protocol that does not exist is a mistake
    tables = {name: load_table(name) for name in suite.tables}
    cells: dict[str, tuple[Cell, ...]] = {}
    runs: dict[str, Run] = {}
    for name, table in tables.items():
        table_cells, table_runs = expand(suite, table, tables)
        cells[name] = tuple(table_cells)
        runs |= {run.name: run for run in table_runs if run.name not in runs}
    return Plan(suite, tables, cells, runs)
