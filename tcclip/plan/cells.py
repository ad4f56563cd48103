"""A cell of a table, and what fills it: one class for each kind of column, each with all that is asked of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from statistics import fmean, harmonic_mean, pstdev
from typing import ClassVar

from tcclip.params.column import Cost
from tcclip.plan import layout
from tcclip.plan.evaluation import Evaluation, Found, Number, percentage


@dataclass(frozen=True)
class Measured:
    """Evaluations: their mean, and over splits or draws their population deviation, both of each seed.

    Over several seeds it is the mean of what each seed's evaluations give.
    """

    metric: str
    evaluations: tuple[Evaluation, ...]
    over_shots: bool = False  # they are at several K, so that their deviation says nothing about chance
    benched: ClassVar[bool] = False

    @property
    def by_seed(self) -> dict[int | None, tuple[Evaluation, ...]]:
        """The evaluations of each seed, in the plan's order: those of a seed alone make a cell as the paper defines it.

        None is the seed of what was not trained.
        """
        seeds = dict.fromkeys(evaluation.seed for evaluation in self.evaluations)
        return {seed: tuple(e for e in self.evaluations if e.seed == seed) for seed in seeds}

    def number(self, found: Found, row: Row) -> Number | None:
        """None until all evaluations of all seeds are there."""
        parts = {e: part for e in self.evaluations if (part := found.results.get(e.run, {}).get(e.name)) is not None}
        if len(parts) < len(self.evaluations) or not parts:
            return None
        values = {
            seed: [percentage(evaluation, parts[evaluation], self.metric) for evaluation in evaluations]
            for seed, evaluations in self.by_seed.items()
        }
        spreads = [pstdev(of_seed) for of_seed in values.values() if len(of_seed) > 1 and not self.over_shots]
        videos = {evaluation.name: int(part["n_videos"]) for evaluation, part in parts.items()}
        runs = tuple(dict.fromkeys(evaluation.run for evaluation in self.evaluations))
        means = {seed: fmean(of_seed) for seed, of_seed in values.items()}
        return Number(fmean(means.values()), fmean(spreads) if spreads else None, videos, runs, means)

    def parts(self, column: str, row: Row) -> dict[str, Measured]:
        """Itself."""
        return {column: self}

    def last_epoch(self, keeps: Callable[[str], bool]) -> Measured:
        """With the last epoch's weights of the runs that keep them; the other evaluations are left out."""
        return replace(self, evaluations=tuple(replace(e, last=True) for e in self.evaluations if keeps(e.run)))

    def without_runs(self, suite: str) -> str:
        """Does not happen: an evaluation has a run."""
        raise AssertionError("a measured cell has runs")


@dataclass(frozen=True)
class Average:
    """The mean, or the harmonic mean, of the unrounded numbers of other columns (methods.md 10.3).

    Of several seeds each has one, and the number is their mean. Where columns have different seeds, it is that of the
    columns' numbers.
    """

    columns: tuple[str, ...]
    harmonic: bool = False
    evaluations: ClassVar[tuple[Evaluation, ...]] = ()
    benched: ClassVar[bool] = False

    def number(self, found: Found, row: Row) -> Number | None:
        """None until all columns have numbers."""
        parts = [number for name in self.columns if name in row and (number := row[name].number(found, row))]
        if len(parts) < len(self.columns):
            return None
        videos = {name: count for part in parts for name, count in part.videos.items()}
        runs = tuple(dict.fromkeys(run for part in parts for run in part.runs))
        mean = harmonic_mean if self.harmonic else fmean
        seeds = parts[0].by_seed.keys() if all(part.by_seed.keys() == parts[0].by_seed.keys() for part in parts) else ()
        means = {seed: mean([part.by_seed[seed] for part in parts]) for seed in seeds}
        value = fmean(means.values()) if means else mean([part.value for part in parts])
        return Number(value, None, videos, runs, means)

    def parts(self, column: str, row: Row) -> dict[str, Measured]:
        """Those of its columns."""
        return {name: part for c in self.columns if c in row for name, part in row[c].parts(row).items()}

    def last_epoch(self, keeps: Callable[[str], bool]) -> Average:
        """The same of columns with the last epoch's weights."""
        return self

    def without_runs(self, suite: str) -> str:
        """Does not happen: its columns are measured."""
        raise AssertionError("an average has runs")


@dataclass(frozen=True)
class Shown:
    """A column of another table, in the row that this method has there, or would have."""

    column: str
    others: Row  # of the other table
    benched: ClassVar[bool] = False

    @property
    def evaluations(self) -> tuple[Evaluation, ...]:
        """Of the whole row, so that its runs serve this table as well."""
        return tuple(dict.fromkeys(e for cell in self.others.values() for e in cell.evaluations))

    def number(self, found: Found, row: Row) -> Number | None:
        """As the other table has it."""
        return self.others[self.column].number(found, self.others)

    def parts(self, column: str, row: Row) -> dict[str, Measured]:
        """Those of the other table's cell."""
        return self.others[self.column].parts(self.others)

    def last_epoch(self, keeps: Callable[[str], bool]) -> None:
        """The other table has them."""

    def without_runs(self, suite: str) -> str:
        """Why no run is behind it."""
        return self.others[self.column].without_runs(suite)


@dataclass(frozen=True)
class Counted:
    """A cost of a method, computed or measured apart from any run."""

    method: str
    cost: Cost
    evaluations: ClassVar[tuple[Evaluation, ...]] = ()
    benched: ClassVar[bool] = True

    def number(self, found: Found, row: Row) -> Number | None:
        """None until the method is benched."""
        costs = found.costs.get(self.method, {})
        return Number(costs[self.cost]) if self.cost in costs else None

    def parts(self, column: str, row: Row) -> dict[str, Measured]:
        """None."""
        return {}

    def last_epoch(self, keeps: Callable[[str], bool]) -> None:
        """It has no epochs."""

    def without_runs(self, suite: str) -> str:
        """Why no run is behind it."""
        return f"was counted or measured by `tcclip bench`: {layout.throughput(suite)}"


@dataclass(frozen=True)
class Looks:
    """How test videos are looked at: frames of a view, clips of a video, crops of a clip."""

    method: str
    count: int
    evaluations: ClassVar[tuple[Evaluation, ...]] = ()
    benched: ClassVar[bool] = False

    def number(self, found: Found, row: Row) -> Number | None:
        """None until something of the row is measured in this way."""
        measured = [part.number(found, row) for cell in row.values() for part in cell.parts(row).values()]
        runs = tuple(dict.fromkeys(run for number in measured if number for run in number.runs))
        return Number(self.count, runs=runs) if runs else None

    def parts(self, column: str, row: Row) -> dict[str, Measured]:
        """None."""
        return {}

    def last_epoch(self, keeps: Callable[[str], bool]) -> None:
        """It has no epochs."""

    def without_runs(self, suite: str) -> str:
        """Why no run is behind it."""
        return f"follows from the params of method {self.method} and of its protocol, without any run"


Content = Measured | Average | Shown | Counted | Looks


@dataclass(frozen=True)
class Cell:
    """One cell of a table: its place, and what fills it."""

    table: str
    group: str
    row: str
    column: str
    content: Content | None = None  # None: nothing is run for it, so that it is quoted or empty
    method: str | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """Its place in the table."""
        return self.group, self.row, self.column

    @property
    def evaluations(self) -> tuple[Evaluation, ...]:
        """What is evaluated for it."""
        return self.content.evaluations if self.content else ()

    @property
    def benched(self) -> bool:
        """Whether `tcclip bench` fills it."""
        return self.content is not None and self.content.benched

    def number(self, found: Found, row: Row) -> Number | None:
        """What it shows now; `row` has the cells of its row by column."""
        return self.content.number(found, row) if self.content else None

    def parts(self, row: Row) -> dict[str, Measured]:
        """The evaluations behind it, by the column that they fill alone."""
        return self.content.parts(self.column, row) if self.content else {}

    def without_runs(self, suite: str) -> str:
        """Why no run is behind it: the end of a sentence."""
        if self.content is None:
            return "has no method in this suite: nothing is run for it"
        return self.content.without_runs(suite)

    def last_epoch(self, keeps: Callable[[str], bool]) -> Cell:
        """The cell with the last epoch's weights, where `keeps(run)` says that a run has these too; else empty."""
        return replace(self, content=self.content.last_epoch(keeps) if self.content else None)


Row = Mapping[str, Cell]  # column -> cell of one row of a table


def rows_of(cells: Iterable[Cell]) -> dict[tuple[str, str], dict[str, Cell]]:
    """(group, row) -> its cells by column."""
    found: dict[tuple[str, str], dict[str, Cell]] = {}
    for cell in cells:
        found.setdefault((cell.group, cell.row), {})[cell.column] = cell
    return found
