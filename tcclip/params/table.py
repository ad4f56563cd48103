"""A table: rows, columns and which evaluations fill a cell (params/tables/*.yaml)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from tcclip.params.reader import Params, path_of, read_yaml, validate


class Column(Params):
    """Either measured (dataset, splits, metric) or the mean of other columns."""

    name: str
    dataset: str | None = None
    shots: Annotated[int, Field(ge=1)] | None = None
    splits: list[str] = Field(default_factory=list)  # the value is their mean, std their population deviation
    metric: Literal["top1", "top5"] = "top1"
    mean_of: list[str] = Field(default_factory=list)

    @model_validator(mode="after")
    def _one_kind(self) -> Column:
        if bool(self.mean_of) == bool(self.dataset):
            raise ValueError("needs either dataset and splits, or mean_of")
        if self.dataset and not self.splits:
            raise ValueError("a measured column needs splits")
        return self


class Row(Params):
    """A row of the published table; without a method it is quoted or empty."""

    group: str = ""
    row: str
    method: str | None = None
    we: bool = False  # weight-space ensemble of the run with CLIP


class Table(Params):
    """One table file."""

    name: str
    title: str
    protocol: str
    train_dataset: str | None = None  # zero-shot: one training serves all columns; otherwise the column's dataset
    columns: list[Column]
    rows: list[Row]

    @model_validator(mode="after")
    def _means_exist(self) -> Table:
        measured = {column.name for column in self.columns if column.dataset}
        for column in self.columns:
            missing = [name for name in column.mean_of if name not in measured]
            if missing:
                raise ValueError(f"column {column.name} averages {missing[0]}, which is not a measured column")
        return self


def load_table(name: str) -> Table:
    """Read a table file."""
    path = path_of("tables", name)
    return validate({**read_yaml(path), "name": name}, Table, path)
