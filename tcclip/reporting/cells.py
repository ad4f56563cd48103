"""The cells of a table from the run folders: measured, quoted or empty, never mixed (design.md, sections 5.8 and 6)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, harmonic_mean, pstdev
from typing import Any

import pandas as pd

from tcclip.errors import UserError
from tcclip.plan import Cell
from tcclip.process.files import read_json
from tcclip.reporting.published_numbers import Key, PublishedNumber

COLUMNS = [
    "table", "group", "row", "column", "value", "std", "n_videos", "source", "published", "published_std", "runs",
]  # fmt: skip
NUMBERS = ["value", "std", "published", "published_std"]
DECIMALS = 6  # of the CSV; averages are computed before rounding

Results = Mapping[str, Mapping[str, Any]]  # run name -> evaluation name -> its part of metrics.json


def read_results(folders: Mapping[str, Path]) -> dict[str, dict[str, Any]]:
    """The evaluations in every run's metrics.json; a run without one is left out.

    Args:
        folders: run name -> run folder.
    """
    return {
        name: read_json(folder / "metrics.json").get("evaluations", {})
        for name, folder in folders.items()
        if (folder / "metrics.json").is_file()
    }


def build(
    cells: Iterable[Cell],
    results: Results,
    quoted: Mapping[Key, PublishedNumber] | None = None,
    costs: Mapping[Key, float] | None = None,
) -> pd.DataFrame:
    """One table as a frame with the columns of COLUMNS, one line per cell, in the order of `cells`.

    `value` is in percent: over several splits the mean, with the population standard deviation in `std`; over several
    numbers of shots K the mean, without `std`, which would show how accuracy grows with K and no uncertainty; over
    several draws of the training list the mean and their deviation; for an average column the mean, or the harmonic
    mean, of its unrounded cells (methods.md 10.3). `n_videos` counts the videos of the distinct test
    splits behind a cell. A cell is measured only when all its evaluations are there.

    Args:
        quoted: the paper's numbers, for suites that quote them; they fill cells that are not measured.
        costs: what the cells of cost columns hold, in the columns' own units.
    """
    cells = list(cells)
    measured = _measure_all(cells, results)
    measured |= {key: _Measured(value, None, {}, []) for key, value in (costs or {}).items()}
    frame = pd.DataFrame([_line(cell, measured.get(_key(cell)), quoted) for cell in cells], columns=COLUMNS)
    typed = frame.astype({**dict.fromkeys(NUMBERS, "Float64"), "n_videos": "Int64"})
    return typed.round(dict.fromkeys(NUMBERS, DECIMALS))


def with_averages(cells: Sequence[Cell], marked: set[Key]) -> set[Key]:
    """`marked` cells and the averages that rest on one of them, harmonic means of averages included."""
    marked = set(marked)
    for _ in range(2):
        marked |= {
            _key(cell)
            for cell in cells
            if any((cell.group, cell.row, name) in marked for name in (*cell.mean_of, *cell.harmonic))
        }
    return marked


def read_table(path: Path) -> pd.DataFrame:
    """A table's CSV with the types of `build`."""
    kinds = dict.fromkeys(NUMBERS, "Float64") | {"n_videos": "Int64"}
    text = dict.fromkeys(["table", "group", "row", "column", "source", "runs"], "str")
    frame = pd.read_csv(path, dtype={**text, **kinds}, keep_default_na=False, na_values={name: [""] for name in kinds})
    return frame[COLUMNS]


@dataclass(frozen=True)
class _Measured:
    """A measured cell before rounding."""

    value: float
    std: float | None
    videos: dict[str, int]  # evaluation name -> number of tested videos
    runs: list[str]


def _key(cell: Cell) -> Key:
    return cell.group, cell.row, cell.column


def _measure_all(cells: Sequence[Cell], results: Results) -> dict[Key, _Measured | None]:
    """Cells by key; averages are made of the others, and cells of another table are measured as that table does."""
    measured = {_key(cell): _measure(cell, results) for cell in cells if cell.evaluations and not cell.source}
    for cell in cells:
        if cell.source:
            measured[_key(cell)] = _measure_all(cell.source, results).get((cell.group, cell.row, cell.source_column))
        if cell.mean_of:
            measured[_key(cell)] = _average([measured.get((cell.group, cell.row, name)) for name in cell.mean_of])
        if cell.views is not None:
            measured[_key(cell)] = _views(
                cell.views, [measured.get(_key(c)) for c in cells if _key(c)[:2] == _key(cell)[:2]]
            )
    for cell in cells:  # harmonic means are of columns that may be averages themselves
        if cell.harmonic:
            parts = [measured.get((cell.group, cell.row, name)) for name in cell.harmonic]
            measured[_key(cell)] = _average(parts, harmonic_mean)
    return measured


def _views(count: int, row: list[_Measured | None]) -> _Measured | None:
    """How test videos were looked at, once something of the row is measured in this way."""
    runs = dict.fromkeys(run for part in row if part is not None for run in part.runs)
    return _Measured(count, None, {}, list(runs)) if runs else None


def _measure(cell: Cell, results: Results) -> _Measured | None:
    parts = [results.get(evaluation.run, {}).get(evaluation.name) for evaluation in cell.evaluations]
    if any(part is None for part in parts):
        return None
    values: list[float] = []
    videos: dict[str, int] = {}
    for evaluation, part in zip(cell.evaluations, parts, strict=True):
        assert part is not None
        value = part.get(cell.metric)
        if not isinstance(value, int | float) or not 0 <= value <= 100:
            raise UserError(
                f"metrics.json of run {evaluation.run}: {evaluation.name}.{cell.metric} must be a percentage "
                f"(got {value!r}): delete the file and run the same command again"
            )
        values.append(float(value))
        videos[evaluation.name] = int(part["n_videos"])
    runs = list(dict.fromkeys(evaluation.run for evaluation in cell.evaluations))
    spread = len(values) > 1 and not cell.over_shots
    return _Measured(fmean(values), pstdev(values) if spread else None, videos, runs)


def _average(parts: list[_Measured | None], mean: Callable[[list[float]], float] = fmean) -> _Measured | None:
    present = [part for part in parts if part is not None]
    if len(present) < len(parts) or not present:
        return None
    videos = {name: count for part in present for name, count in part.videos.items()}
    runs = list(dict.fromkeys(run for part in present for run in part.runs))
    return _Measured(mean([part.value for part in present]), None, videos, runs)


def _line(cell: Cell, measured: _Measured | None, quoted: Mapping[Key, PublishedNumber] | None) -> list[Any]:
    printed = (quoted or {}).get(_key(cell))
    value, std, count, source, runs = None, None, None, "", ""
    if measured:
        value, std, source = measured.value, measured.std, "measured"
        count, runs = sum(measured.videos.values()) or None, ";".join(measured.runs)
    elif printed and printed.value is not None:
        value, std, source = printed.value, printed.std, "quoted"
    published = (printed.value, printed.std) if printed else (None, None)
    return [cell.table, *_key(cell), value, std, count, source, *published, runs]
