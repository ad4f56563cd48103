"""The plan: params/tables/*.yaml expanded to cells, evaluations and runs.

The Snakefile, the command line, MLflow's tags and the reports ask this module; nobody else makes a run's name.
Importing it imports no torch and reads only params/.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field, replace

from tcclip.errors import UserError, unknown
from tcclip.params import Dataset, Method, Protocol, Suite, Table, load_dataset, load_suite, load_table
from tcclip.params.dataset import Generated, Release
from tcclip.params.exceptions import exceptions_for
from tcclip.params.reader import path_of, usable, versions
from tcclip.params.seeds import parse_seeds
from tcclip.plan.cells import Cell, Measured, Row, rows_of
from tcclip.plan.evaluation import Evaluation
from tcclip.plan.expand import expand
from tcclip.plan.own import own_datasets, own_table, with_own
from tcclip.plan.runs import Run, train_split, with_initial
from tcclip.plan.suite_checks import check_backbone, check_first_look, check_quoted, check_seeds
from tcclip.plan.values import Changes, method_of, protocol_of


@dataclass(frozen=True, eq=False)  # compared by identity, so that what is worked out of one can be remembered
class Plan:
    """All runs and cells of a suite."""

    suite: Suite
    tables: dict[str, Table]
    cells: dict[str, tuple[Cell, ...]]
    runs: dict[str, Run]
    changes: Changes = field(default_factory=Changes)
    asked: tuple[Evaluation, ...] = ()  # evaluations that no table shows
    seeds: str = ""  # as they were typed, over what the suite's file says

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
        return self.datasets[self.suite.dataset(role)]

    def protocol(self, name: str, method: Method | None = None) -> Protocol:
        """A protocol with this suite's budgets, put over the values that a method brings."""
        return protocol_of(self.suite, name, method)

    def method(self, name: str) -> Method:
        """A method with this suite's recipe."""
        return self._methods.get(name) or method_of(self.suite, name)

    def evaluations(self, run: str) -> list[Evaluation]:
        """Everything a run is evaluated on, for all tables."""
        return self._evaluations.get(run, [])

    def plain_evaluation(self, run: str, role: str, split: str) -> Evaluation:
        """A run's evaluation on a split with its own weights, not the ensemble's; UserError if no table shows one."""
        for evaluation in self.evaluations(run):
            if (evaluation.role, evaluation.split) == (role, split) and not (evaluation.we or evaluation.last):
                return evaluation
        raise UserError(f"no table of suite {self.suite.name} tests run {run} on {role} {split}")

    def keeps_last(self, run: str) -> bool:
        """Whether a run has the last epoch's weights besides the best one's, and is evaluated with both."""
        found = self.run(run)
        return found.trained and self.protocol_for(found).keeps_last

    def tables_of(self, run: str) -> list[str]:
        """The tables a run serves."""
        return self._tables_by_run.get(run, [])

    def runs_of(self, table: str) -> list[str]:
        """The runs a table needs."""
        return sorted({e.run for cell in self.cells[table] for e in cell.evaluations})

    def row_of(self, cell: Cell) -> Row:
        """The cells of a cell's row, by column."""
        return self._rows[cell.table][cell.group, cell.row]

    def parts(self, cell: Cell) -> dict[str, Measured]:
        """The evaluations that a cell is made of, by the column that they fill alone."""
        return cell.parts(self.row_of(cell))

    def runs_behind(self, cell: Cell) -> list[str]:
        """The runs behind a cell; none of one that is counted, or empty."""
        return list(dict.fromkeys(e.run for part in self.parts(cell).values() for e in part.evaluations))

    @property
    def first_look(self) -> list[str]:
        """The runs behind the rows that are shown first; none where the suite names none, or has not got the table."""
        asked = self.suite.first_look
        if asked is None or asked.table not in self.tables:
            return []
        return [run for run in self.runs_of(asked.table) if self.run(run).method in asked.methods]

    def train_split(self, run: Run) -> str:
        """The name of the split a run is trained on."""
        return train_split(self.protocol_for(run), run.shots, run.fold)

    def protocol_for(self, run: Run) -> Protocol:
        """What a run is trained and tested by: its protocol with the values of its method, its suite, its dataset."""
        return self._protocols[run.protocol, run.method, run.role, run.shots, run.seed]

    @functools.cached_property
    def datasets(self) -> dict[str, Dataset]:
        """The suite's datasets by file name."""
        return {name: load_dataset(name) for name in self.suite.datasets.values()}

    @property
    def releases(self) -> list[str]:
        """The datasets that are downloaded."""
        return [name for name, dataset in self.datasets.items() if isinstance(dataset, Release) and dataset.sources]

    @property
    def generated(self) -> list[str]:
        """The datasets that are generated."""
        return [name for name, dataset in self.datasets.items() if isinstance(dataset, Generated)]

    @functools.cached_property
    def displays(self) -> dict[str, str]:
        """The datasets' names in tables and figures, by role."""
        return {role: self.datasets[name].display or role for role, name in self.suite.datasets.items()}

    # Snakemake asks for these of every job; checking a params file anew each time took a third of its start.

    def prepare(self) -> None:
        """Work out now what is remembered once it was asked for, for many jobs that begin with this plan."""
        _ = self.datasets, self.displays, self._methods, self._protocols, self._evaluations, self._tables_by_run

    @functools.cached_property
    def _methods(self) -> dict[str, Method]:
        methods = {name: method_of(self.suite, name) for name in self.methods}
        return {
            name: method_of(self.suite, name, changes) if (changes := self.changes.of(method)) else method
            for name, method in methods.items()
        }

    @functools.cached_property
    def _protocols(self) -> dict[tuple[str, str, str | None, int | None, int | None], Protocol]:
        """By name, method, the dataset that is trained on, shots and seed; most of these have no say, and share one."""
        found: dict[tuple[str, str, str | None, int | None, int | None], Protocol] = {}
        shared: dict[tuple[str, str | None, str | None, tuple[int, ...], int | None], Protocol] = {}
        for run in self.runs.values():
            name, method = run.protocol, self.method(run.method)
            dataset = self.dataset(run.role) if run.role else None
            by_method = method.name if name in method.protocols else None
            by_dataset = dataset.name if dataset and dataset.budget(name) else None
            special = tuple(exceptions_for(method.protocols.get(name, {}), run.role, run.shots))
            if (key := (name, by_method, by_dataset, special, run.seed)) not in shared:
                changes = self.changes.protocol
                protocol = protocol_of(self.suite, name, method, dataset, changes, run.role, run.shots)
                shared[key] = protocol if run.seed is None else protocol.of_seed(run.seed)
            found[name, run.method, run.role, run.shots, run.seed] = shared[key]
        return found

    @functools.cached_property
    def _evaluations(self) -> dict[str, list[Evaluation]]:
        """By run."""
        found: dict[str, dict[str, Evaluation]] = {run: {} for run in self.runs}
        shown = (e for cells in self.cells.values() for cell in cells for e in cell.evaluations)
        for evaluation in (*shown, *self.asked):
            if self.changes.protocol:
                evaluation = replace(evaluation, views=self.protocol_for(self.run(evaluation.run)).views)
            found[evaluation.run][evaluation.name] = evaluation
        for run, named in found.items():
            if self.keeps_last(run):
                named |= {e.name: e for e in [replace(e, last=True) for e in named.values()]}
        return {run: [named[name] for name in sorted(named)] for run, named in found.items()}

    @functools.cached_property
    def _rows(self) -> dict[str, dict[tuple[str, str], dict[str, Cell]]]:
        """By table."""
        return {table: rows_of(cells) for table, cells in self.cells.items()}

    @functools.cached_property
    def _tables_by_run(self) -> dict[str, list[str]]:
        found: dict[str, dict[str, None]] = {run: {} for run in self.runs}
        for table, cells in self.cells.items():
            for evaluation in (e for cell in cells for e in cell.evaluations):
                found[evaluation.run][table] = None
        return {run: list(tables) for run, tables in found.items()}

    @property
    def benched(self) -> list[str]:
        """The methods whose cost a table shows."""
        cells = [cell for cells in self.cells.values() for cell in cells if cell.benched]
        return list(dict.fromkeys(cell.method for cell in cells if cell.method))

    def benched_frames(self, table: str) -> dict[str, int]:
        """The methods whose cost a table shows, and the frames of a view in its protocol that it is counted for."""
        methods = dict.fromkeys(cell.method for cell in self.cells[table] if cell.benched and cell.method)
        others = {row.method_name: row.frames_of for row in self.table(table).rows if row.frames_of}
        protocol = self.table(table).protocol
        return {name: self.protocol(protocol, self.method(others.get(name, name))).frames for name in methods}

    @property
    def methods(self) -> list[str]:
        """The methods that some run uses."""
        return sorted({run.method for run in self.runs.values()})


@functools.cache
def load_plan(suite_name: str) -> Plan:
    """The plan of a suite."""
    return plan_of(load_suite(suite_name))


def plan_with_seeds(suite_name: str, seeds: str) -> Plan:
    """The plan of a suite with `seeds` as they are typed (params/seeds.py) over what its file says; "" is none."""
    return _with_seeds(suite_name, seeds, versions()) if seeds else load_plan(suite_name)


@functools.cache
def _with_seeds(suite_name: str, seeds: str, params: object) -> Plan:
    """As long as the files of `params` are the same ones."""
    return plan_of(load_suite(suite_name).with_seeds(parse_seeds(seeds)), seeds)


def plan_of(suite: Suite, seeds: str = "") -> Plan:
    """The plan of a suite, with the tables of the user's own datasets; `seeds` are those that were typed for it."""
    usable(path_of("suites", suite.name))
    own = own_datasets(suite)
    suite = with_own(suite, own)
    for protocol in suite.protocols:
        path_of("protocols", protocol)  # a budget for a protocol that does not exist is a mistake
    tables = {name: load_table(usable(path_of("tables", name)).stem) for name in suite.tables}
    tables |= {dataset.name: own_table(suite, dataset) for dataset in own}
    check_backbone(suite)
    check_quoted(suite)
    check_first_look(suite)
    cells: dict[str, tuple[Cell, ...]] = {}
    runs: dict[str, Run] = {}
    for name, table in tables.items():
        table_cells, table_runs = expand(suite, table, tables)
        cells[name] = tuple(table_cells)
        for run in table_runs:
            runs |= {name: needed for name, needed in with_initial(run) if name not in runs}
    check_seeds(suite, tables, {run.method for run in runs.values()})
    return Plan(suite, tables, cells, runs, seeds=seeds)
