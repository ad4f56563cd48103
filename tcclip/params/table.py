"""A table: rows, columns and which evaluations fill a cell (params/tables/*.yaml)."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Field, model_validator

from tcclip.params.column import ALL, Column, HarmonicMeanColumn, MeanColumn, MeasuredColumn
from tcclip.params.reader import Params, nearest, read_named

BASELINE = (
    "vifi_clip"  # the method whose row others are compared with, where a table names none: TC-CLIP without its parts
)
NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]*$"  # of a variant, as it stands in file names


class Row(Params):
    """A row of the published table; without a method it is quoted or empty."""

    model_config = ConfigDict(serialize_by_alias=True)

    group: str = ""  # a heading over several rows
    row: str  # its name
    method: str | None = None  # a file of params/methods/
    printed: str | None = None  # where the paper has the row's numbers from, if it has not run it
    # Datasets, by the paper's names, whose printed numbers are of other videos than those of the other rows -> which
    printed_on: dict[str, str] = Field(default_factory=dict)
    skip: list[str] = Field(default_factory=list)  # columns that stay empty: what the paper does not run either
    we: bool = False  # weight-space ensemble of the run with CLIP
    frames_of: str | None = None  # costs are counted for views of so many frames as this method's; else the row's own's
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
    title: str  # above the table
    protocol: str  # of its runs; a file of params/protocols/
    train_dataset: str | None = None  # zero-shot: one training serves all columns; otherwise the column's dataset
    ablation: bool = False  # rows are variants of a method: without curves and class-by-class figures of their own
    baseline: str | None = (
        None  # the row, by its name, that others are compared with; else that of ViFi-CLIP, or the first
    )
    axis: str | None = None  # rows are numbers: what they are, with their unit, for a figure of the columns over them
    columns: Annotated[list[Column], Field(min_length=1)]  # in their order
    rows: Annotated[list[Row], Field(min_length=1)]  # in their order

    @property
    def measured(self) -> list[MeasuredColumn]:
        """The columns that runs are evaluated for."""
        return [column for column in self.columns if isinstance(column, MeasuredColumn)]

    def protocol_of(self, column: Column) -> str:
        """The protocol of a column's runs; of another column the table's."""
        return (column.protocol if isinstance(column, MeasuredColumn) else None) or self.protocol

    def trained_on(self, column: MeasuredColumn) -> str:
        """The dataset of a column's runs."""
        given = column.train_dataset if column.protocol else column.train_dataset or self.train_dataset
        return given or column.dataset

    def baseline_of(self, group: str, row: str) -> tuple[str, str] | None:
        """The group and name of the row that a row is compared with; None for that row itself, and where none is run.

        Of several rows of its name it is the one of the row's own group, else the nearest above, else the first.
        """
        run = {row.method_name: row.row for row in reversed(self.rows) if row.method_name}
        name = self.baseline or run.get(BASELINE) or next((row.row for row in self.rows if row.method_name), None)
        groups = list(dict.fromkeys(row.group for row in self.rows))
        there = [row.group for row in self.rows if row.row == name]
        if name is None or (row == name and group in there):
            return None
        above = [found for found in there if groups.index(found) <= groups.index(group)]
        return ([*there[:1], *above][-1], name)

    @model_validator(mode="before")
    @classmethod
    def _all_measured(cls, content: Any) -> Any:
        """`mean_of: measured` names them all."""
        columns = content.get("columns") if isinstance(content, dict) else None
        if not isinstance(columns, list):
            return content
        known = [column.get("name") for column in columns if isinstance(column, dict) and column.get("dataset")]
        named = [
            {**column, "mean_of": known} if isinstance(column, dict) and column.get("mean_of") == ALL else column
            for column in columns
        ]
        return {**content, "columns": named}

    @model_validator(mode="after")
    def _means_exist(self) -> Table:
        measured = {column.name for column in self.measured}
        averaged = measured | {column.name for column in self.columns if isinstance(column, MeanColumn)}
        for column in self.columns:
            allowed = averaged if isinstance(column, HarmonicMeanColumn) else measured
            missing = [name for name in column.averaged if name not in allowed]
            if missing:
                raise ValueError(f"column {column.name} averages {missing[0]}, which is not a measured column")
        return self

    @model_validator(mode="after")
    def _means_are_of_one_metric(self) -> Table:
        metric = {column.name: column.metric for column in self.measured}
        metric |= {column.name: metric[column.mean_of[0]] for column in self.columns if isinstance(column, MeanColumn)}
        for column in self.columns:
            if odd := [name for name in column.averaged if metric[name] != metric[column.averaged[0]]]:
                raise ValueError(
                    f"column {column.name} averages {column.averaged[0]} ({metric[column.averaged[0]]}) and {odd[0]} "
                    f"({metric[odd[0]]}): name columns of one metric"
                )
        return self

    @model_validator(mode="after")
    def _skipped_columns_exist(self) -> Table:
        for row in self.rows:
            if missing := [name for name in row.skip if name not in [column.name for column in self.columns]]:
                raise ValueError(f"row '{row.row}' skips column '{missing[0]}', which is not there")
        return self

    @model_validator(mode="after")
    def _printed_datasets_are_those_of_columns(self) -> Table:
        known = list(dict.fromkeys(column.dataset for column in self.measured))
        for row in self.rows:
            if stray := [role for role in row.printed_on if role not in known]:
                raise ValueError(
                    f"row '{row.row}' has printed_on of '{stray[0]}', which no column is of: {nearest(stray[0], known)}"
                )
        return self

    @model_validator(mode="after")
    def _rows_and_columns_are_told_apart(self) -> Table:
        rows, columns = [(row.group, row.row) for row in self.rows], [column.name for column in self.columns]
        if twice := [" / ".join(filter(None, row)) for row in rows if rows.count(row) > 1]:
            raise ValueError(f"two rows are called '{twice[0]}': give one of them another name or group")
        if same := [name for name in columns if columns.count(name) > 1]:
            raise ValueError(f"two columns are called '{same[0]}': give one of them another name")
        return self

    @model_validator(mode="after")
    def _baseline_exists(self) -> Table:
        if self.baseline is not None and self.baseline not in (known := [row.row for row in self.rows]):
            raise ValueError(f"baseline '{self.baseline}' is no row of the table: {', '.join(known)}")
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
    return read_named("tables", name, Table)
