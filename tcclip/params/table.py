"""A table: rows, columns and which evaluations fill a cell (params/tables/*.yaml)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from tcclip.params.reader import Params, path_of, read_yaml, validate

Cost = Literal["params_m", "gflops", "throughput_views_per_s"]  # millions; 1e9 multiply-accumulates; by `tcclip bench`
NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]*$"  # of a variant, as it stands in file names


def _one_or_several(value: Any) -> Any:
    several = isinstance(value, list) and len(value) > 1 and value == sorted(set(value))
    if value is not None and not all(isinstance(k, int) and k >= 1 for k in (value if several else [value])):
        raise ValueError("must be a number of videos per class, or an ascending list of at least two")
    return value


class FromTable(Params):
    """A column of another table, for the same method: its row with weight ensemble, if that table has such rows."""

    table: str
    column: str


class Column(Params):
    """Measured (dataset, splits, metric), a mean of other columns, another table's column, a cost or the views."""

    name: str
    dataset: str | None = None
    shots: Annotated[int | list[int] | None, BeforeValidator(_one_or_several)] = None  # several: their mean
    splits: list[str] = Field(default_factory=list)  # the value is their mean, std their population deviation
    metric: Literal["top1", "top5"] = "top1"
    mean_of: list[str] = Field(default_factory=list)
    harmonic_mean_of: list[str] = Field(default_factory=list)  # of the two columns' unrounded values
    from_table: FromTable | None = None
    cost: Cost | None = None
    views: Literal["frames", "temporal", "spatial"] | None = None  # how the protocol looks at a test video
    protocol: str | None = None  # in the place of the table's, and of its train_dataset, which is then this one
    train_dataset: str | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Column:
        kinds = (self.dataset, self.mean_of, self.harmonic_mean_of, self.from_table, self.cost, self.views)
        if sum(map(bool, kinds)) != 1:
            raise ValueError("needs one of dataset (and splits), mean_of, harmonic_mean_of, from_table, cost, views")
        if self.dataset and not self.splits:
            raise ValueError("a measured column needs splits")
        if (self.protocol or self.train_dataset) and not self.dataset:
            raise ValueError("protocol and train_dataset are for measured columns")
        return self

    @property
    def trainings(self) -> tuple[int | None, ...]:
        """The shots K of the runs behind a cell, one run each; (None,) in a protocol without shots."""
        return tuple(self.shots) if isinstance(self.shots, list) else (self.shots,)


class Row(Params):
    """A row of the published table; without a method it is quoted or empty."""

    model_config = ConfigDict(serialize_by_alias=True)

    group: str = ""
    row: str
    method: str | None = None
    we: bool = False  # weight-space ensemble of the run with CLIP
    set: dict[str, Any] = Field(default_factory=dict)  # dotted keys of the method that are other here: {tc.k: 32}
    variant: Annotated[str | None, Field(alias="as", pattern=NAME)] = None  # with `set`: its name in runs and elsewhere
    display: str | None = None  # with `set`: its name in figures and lists; else the row's
    description: str | None = None  # with `set`

    @property
    def method_name(self) -> str | None:
        """The method whose runs fill the row: `method`, or the variant that the row makes of it."""
        return self.variant or self.method

    @model_validator(mode="after")
    def _a_variant_is_complete(self) -> Row:
        if self.set and not (self.method and self.variant):
            lacks = "as, the name of the variant" if self.method else "method, which it changes"
            raise ValueError(f"set needs {lacks}")
        stray = [key for key in ("as", "display", "description") if self.model_dump()[key] is not None]
        if stray and not self.set:
            raise ValueError(f"{stray[0]} is for rows with set, which says what the variant changes")
        return self


class Table(Params):
    """One table file."""

    name: str
    title: str
    protocol: str
    train_dataset: str | None = None  # zero-shot: one training serves all columns; otherwise the column's dataset
    ablation: bool = False  # rows are variants of a method: without curves and class-by-class figures of their own
    axis: str | None = None  # rows are numbers: what they are, with their unit, for a figure of the columns over them
    columns: list[Column]
    rows: list[Row]

    def protocol_of(self, column: Column) -> str:
        """The protocol of a column's runs."""
        return column.protocol or self.protocol

    def trained_on(self, column: Column) -> str | None:
        """The dataset of a column's runs; None for a column that is not measured."""
        given = column.train_dataset if column.protocol else column.train_dataset or self.train_dataset
        return given or column.dataset

    @model_validator(mode="after")
    def _means_exist(self) -> Table:
        measured = {column.name for column in self.columns if column.dataset}
        averaged = measured | {column.name for column in self.columns if column.mean_of}
        for column in self.columns:
            missing = [name for name in column.mean_of if name not in measured]
            missing += [name for name in column.harmonic_mean_of if name not in averaged]
            if missing:
                raise ValueError(f"column {column.name} averages {missing[0]}, which is not a measured column")
        return self

    @model_validator(mode="after")
    def _rows_have_a_place_on_the_axis(self) -> Table:
        for row in self.rows if self.axis else []:
            try:
                float(row.row)
            except ValueError:
                raise ValueError(
                    f"row '{row.row}' is no number, so it has no place on axis '{self.axis}': remove axis or the row"
                ) from None
        return self


def load_table(name: str) -> Table:
    """Read a table file."""
    path = path_of("tables", name)
    return validate({**read_yaml(path), "name": name}, Table, path)
