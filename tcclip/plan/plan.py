"""The plan: params/tables/*.yaml expanded to cells, evaluations and runs.

The Snakefile, the command line, MLflow's tags and the reports ask this module; nobody else makes a run's name.
Importing it imports no torch and reads only params/.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace

from tcclip.errors import unknown
from tcclip.params import Dataset, Method, Protocol, Suite, Table, load_dataset, load_suite, load_table
from tcclip.params.reader import path_of
from tcclip.plan.cells import Cell, Evaluation, expand
from tcclip.plan.own import own_datasets, own_table, with_own
from tcclip.plan.runs import Run, method_of, protocol_of, run_for, train_split

__all__ = ["Cell", "Evaluation", "Plan", "Run", "expand", "load_plan", "run_for"]


@dataclass(frozen=True, eq=False)  # compared by identity, so that what is worked out of one can be remembered
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
        return self.datasets[self.suite.dataset(role)]

    def protocol(self, name: str) -> Protocol:
        """A protocol with this suite's budgets."""
        return self._protocols.get((name, None)) or protocol_of(self.suite, name)

    def method(self, name: str) -> Method:
        """A method with this suite's recipe."""
        return self._methods.get(name) or method_of(self.suite, name)

    def evaluations(self, run: str) -> list[Evaluation]:
        """Everything a run is evaluated on, for all tables."""
        return self._evaluations.get(run, [])

    def keeps_last(self, run: str) -> bool:
        """Whether a run has the last epoch's weights besides the best one's, and is evaluated with both."""
        found = self.run(run)
        return found.trained and self.training_protocol(found).keeps_last

    def tables_of(self, run: str) -> list[str]:
        """The tables a run serves."""
        return self._tables_by_run.get(run, [])

    def runs_of(self, table: str) -> list[str]:
        """The runs a table needs."""
        return sorted({e.run for cell in self.cells[table] for e in cell.evaluations})

    def train_split(self, run: Run) -> str:
        """The name of the split a run is trained on."""
        return train_split(self.protocol(run.protocol), run.shots, run.fold)

    def training_protocol(self, run: Run) -> Protocol:
        """A run's protocol with the budget of its dataset, if that has one, and the micro-batch of its method."""
        protocol = self._protocols[run.protocol, run.role]
        micro = self.method(run.method).micro_batch.get(protocol.name)
        return protocol.model_copy(update={"micro_batch": micro}) if micro else protocol

    @functools.cached_property
    def datasets(self) -> dict[str, Dataset]:
        """The suite's datasets by file name."""
        return {name: load_dataset(name) for name in self.suite.datasets.values()}

    # Snakemake asks for these of every job; checking a params file anew each time took a third of its start.

    @functools.cached_property
    def _methods(self) -> dict[str, Method]:
        return {name: method_of(self.suite, name) for name in self.methods}

    @functools.cached_property
    def _protocols(self) -> dict[tuple[str, str | None], Protocol]:
        """By name and the dataset that is trained on, or none: the suite's."""
        wanted = {(run.protocol, role) for run in self.runs.values() for role in (run.role, None)}
        return {
            (name, role): protocol_of(self.suite, name, self.dataset(role) if role else None) for name, role in wanted
        }

    @functools.cached_property
    def _evaluations(self) -> dict[str, list[Evaluation]]:
        """By run."""
        found: dict[str, dict[str, Evaluation]] = {run: {} for run in self.runs}
        for evaluation in (e for cells in self.cells.values() for cell in cells for e in cell.evaluations):
            found[evaluation.run][evaluation.name] = evaluation
        for run, named in found.items():
            if self.keeps_last(run):
                named |= {e.name: e for e in [replace(e, last=True) for e in named.values()]}
        return {run: [named[name] for name in sorted(named)] for run, named in found.items()}

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
        cells = [cell for cells in self.cells.values() for cell in cells if cell.cost]
        return list(dict.fromkeys(cell.method for cell in cells if cell.method))

    @property
    def methods(self) -> list[str]:
        """The methods that some run uses."""
        return sorted({run.method for run in self.runs.values()})


def _with_initial(run: Run) -> list[tuple[str, Run]]:
    """A run and those that it starts from, by name."""
    return [(run.name, run), *(_with_initial(run.init) if run.init else [])]


@functools.cache
def load_plan(suite_name: str) -> Plan:
    """The plan of a suite."""
    suite = load_suite(suite_name)
    own = own_datasets(suite)
    suite = with_own(suite, own)
    for protocol in suite.protocols:
        path_of("protocols", protocol)  # a budget for a protocol that does not exist is a mistake
    tables = {name: load_table(name) for name in suite.tables}
    tables |= {dataset.name: own_table(suite, dataset) for dataset in own}
    cells: dict[str, tuple[Cell, ...]] = {}
    runs: dict[str, Run] = {}
    for name, table in tables.items():
        table_cells, table_runs = expand(suite, table, tables)
        cells[name] = tuple(table_cells)
        for run in table_runs:
            runs |= {name: needed for name, needed in _with_initial(run) if name not in runs}
    return Plan(suite, tables, cells, runs)
