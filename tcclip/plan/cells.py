"""One table of the plan expanded to cells, evaluations and the runs they need, by pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from tcclip.errors import unknown
from tcclip.params import Method, Protocol, Suite, Table, load_dataset
from tcclip.params.protocol import Views
from tcclip.params.table import Column, Cost, FromTable, Row
from tcclip.plan.runs import Run, method_of, protocol_of, run_for, train_split, trainings


@dataclass(frozen=True)
class Evaluation:
    """One run on one split."""

    run: str
    role: str
    split: str
    views: Views
    we: bool
    last: bool = False  # with the last epoch's weights, where the run's are the best epoch's

    @property
    def name(self) -> str:
        """For example hmdb51-test1-2x1-we: dataset, split, temporal x spatial views, weight ensemble or last epoch."""
        views = f"{self.views.temporal}x{self.views.spatial}" + ("" if self.views.mode == "paper" else "-even")
        return f"{self.role}-{self.split}-{views}" + "-we" * self.we + "-last" * self.last


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
    harmonic: tuple[str, ...] = ()  # the columns whose harmonic mean it is
    method: str | None = None
    cost: Cost | None = None  # computed or measured apart from any run
    views: int | None = None  # frames, clips or crops
    source: tuple[Cell, ...] = ()  # a row of another table, of which `source_column` is shown here
    source_column: str = ""
    over_shots: bool = False  # the evaluations are at several K, so that their deviation says nothing about chance


def check_columns(suite: Suite, table: Table) -> None:
    """Every dataset, split and number of shots that a table names must exist in the suite."""
    for column in table.columns:
        if column.dataset is None:
            continue
        protocol = protocol_of(suite, table.protocol_of(column))
        tested = load_dataset(suite.dataset(column.dataset))
        for split in column.splits:
            if split not in tested.all_splits:
                raise unknown(f"split in column {column.name} of {table.name}", split, tested.all_splits)
        trained = load_dataset(suite.dataset(table.trained_on(column) or column.dataset))
        train_splits = [train_split(protocol, *training) for training in trainings(column, protocol)]
        for split in (*train_splits, protocol.validation.split):
            if split not in trained.all_splits:
                raise unknown(
                    f"split of {trained.name}, needed by column {column.name} of {table.name},",
                    split,
                    trained.all_splits,
                )


def expand(suite: Suite, table: Table, tables: Mapping[str, Table] | None = None) -> tuple[list[Cell], list[Run]]:
    """The cells of a table in published order, and the runs they need; `tables` are those that it may quote."""
    protocols = [protocol_of(suite, table.protocol_of(column)) for column in table.columns]
    check_columns(suite, table)
    cells: list[Cell] = []
    runs: list[Run] = []
    for row in table.rows:
        method = method_of(suite, row.method_name) if row.method_name else None
        if method and method.names.source == "llm" and not suite.llm_names:
            method = None
        if method:
            sizes = suite.backbone.architecture
            for frames in {protocol.frames for protocol in protocols}:
                method.check_sizes(sizes.patches, frames, sizes.vision_layers)
        for column, protocol in zip(table.columns, protocols, strict=True):
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
        role = table.trained_on(column) or column.dataset
        method = _with_names(suite, method, {role, column.dataset})
        runs = [run_for(suite, method, protocol, role, *training) for training in trainings(column, protocol)]
        every = [
            Evaluation(run.name, column.dataset, split, protocol.views, row.we)
            for run in runs
            for split in column.splits
        ]
        evaluations = list(dict.fromkeys(every))  # an untrained method has one run for all trainings
    cell = Cell(
        table.name,
        row.group,
        row.row,
        column.name,
        column.metric,
        tuple(evaluations),
        tuple(column.mean_of) if method else (),
        harmonic=tuple(column.harmonic_mean_of) if method else (),
        method=row.method_name if method else None,
        cost=column.cost if method else None,
        views=_views(protocol, column) if method else None,
        over_shots=len(column.trainings) > 1,
    )
    return cell, runs


def _with_names(suite: Suite, method: Method, roles: Iterable[str]) -> Method:
    """The method, or the one that stands in for it where a dataset has no rephrased names."""
    if method.names.source == "plain" or all(load_dataset(suite.dataset(role)).llm_names for role in roles):
        return method
    assert method.names.otherwise is not None
    return method_of(suite, method.names.otherwise)


def _views(protocol: Protocol, column: Column) -> int | None:
    """What a column about the views holds: frames of a view, clips of a video, crops of a clip."""
    if column.views is None:
        return None
    return protocol.frames if column.views == "frames" else int(getattr(protocol.views, column.views))


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
