"""The columns of a table: six kinds, told apart by the key that each alone has (params/tables/*.yaml, `columns`)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, WithJsonSchema

from tcclip.params.lists import each_once
from tcclip.params.reader import Params

# millions; millions; 1e9 multiply-accumulates; views per second by `tcclip bench`
Cost = Literal["params_m", "trained_m", "gflops", "throughput_views_per_s"]
TIMED: frozenset[Cost] = frozenset({"throughput_views_per_s"})  # of the machine and the moment; the others are counted
Metric = Literal["top1", "top5"]
ALL = "measured"  # mean_of all measured columns
Different = Annotated[list[str], Field(min_length=1), AfterValidator(each_once)]  # a mean counts each once
NAMES = {"anyOf": [{"type": "array", "minItems": 1, "items": {"type": "string"}}, {"const": ALL}]}


def _one_or_several(value: Any) -> Any:
    several = isinstance(value, list) and len(value) > 1 and value == sorted(set(value))
    if value is not None and not all(isinstance(k, int) and k >= 1 for k in (value if several else [value])):
        raise ValueError("must be a number of videos per class, or an ascending list of at least two")
    return value


class NamedColumn(Params):
    """What every column has."""

    name: str  # in the table's CSV and in other columns
    display: str | None = None  # its heading; of a column about a dataset or a mean, what is below it

    @property
    def averaged(self) -> list[str]:
        """The columns whose mean it is."""
        return []


class Bound(Params):
    """What is known of a test list by its construction."""

    of: str  # whose best: a few words for the heading, such as `frames alone`
    percent: Annotated[float, Field(gt=0, le=100)]  # the most that it can have


class MeasuredColumn(NamedColumn):
    """Accuracies of runs on a dataset."""

    dataset: str  # a role of the suite
    splits: Different  # the value is their mean, std their population deviation
    shots: Annotated[int | list[int] | None, BeforeValidator(_one_or_several)] = None  # several: their mean
    metric: Metric = "top1"  # accuracy of the best, or among the best five
    protocol: str | None = None  # in the place of the table's, and of its train_dataset, which is then this one
    train_dataset: str | None = None  # in the place of the table's
    bound: Bound | None = None  # in the heading; cells whose interval lies above it are marked

    @property
    def trainings(self) -> tuple[int | None, ...]:
        """The shots K of the runs behind a cell, one run each; (None,) in a protocol without shots."""
        return tuple(self.shots) if isinstance(self.shots, list) else (self.shots,)


class MeanColumn(NamedColumn):
    """The mean of other columns' unrounded values."""

    mean_of: Annotated[Different, WithJsonSchema(NAMES)]  # measured ones; `measured`: all of them

    @property
    def averaged(self) -> list[str]:
        """The columns whose mean it is."""
        return self.mean_of


class HarmonicMeanColumn(NamedColumn):
    """The harmonic mean of other columns' unrounded values."""

    harmonic_mean_of: Different  # measured columns, or means of these

    @property
    def averaged(self) -> list[str]:
        """The columns whose mean it is."""
        return self.harmonic_mean_of


class FromTable(Params):
    """A column of another table, for the same method: its row with weight ensemble, if that table has such rows."""

    table: str  # a file of params/tables/
    column: str  # its name there


class TableColumn(NamedColumn):
    """A column of another table."""

    from_table: FromTable  # which column


class CostColumn(NamedColumn):
    """What a method costs, computed or measured apart from any run."""

    cost: Cost  # millions of parameters | of trained ones | 1e9 multiply-accumulates of a view | views per second


class ViewsColumn(NamedColumn):
    """How the protocol looks at a test video."""

    views: Literal["frames", "temporal", "spatial"]  # of a view | clips of a video | crops of a clip


KINDS: dict[str, type[NamedColumn]] = {  # the key that makes a column one of a kind
    "dataset": MeasuredColumn,
    "mean_of": MeanColumn,
    "harmonic_mean_of": HarmonicMeanColumn,
    "from_table": TableColumn,
    "cost": CostColumn,
    "views": ViewsColumn,
}


def _kind(column: Any) -> str | None:
    """The one key of KINDS that a column has."""
    given = column if isinstance(column, dict) else getattr(column, "__dict__", {})
    found = [key for key in KINDS if given.get(key) is not None]
    return found[0] if len(found) == 1 else None


Column = Annotated[
    Annotated[MeasuredColumn, Tag("dataset")]
    | Annotated[MeanColumn, Tag("mean_of")]
    | Annotated[HarmonicMeanColumn, Tag("harmonic_mean_of")]
    | Annotated[TableColumn, Tag("from_table")]
    | Annotated[CostColumn, Tag("cost")]
    | Annotated[ViewsColumn, Tag("views")],
    Discriminator(
        _kind,
        custom_error_type="column",
        custom_error_message="needs one of dataset (and splits), mean_of, harmonic_mean_of, from_table, cost, views",
    ),
]
