"""Write the mini suite's numbers into README.md and docs/mini_results.md.

They go between a page's marks `<!-- results: NAME -->` and `<!-- end -->`.

python docs/fill_results.py                       # from reports/mini/tables
python docs/fill_results.py --three-seeds FOLDER  # and the table of three seeds from another report's folder of tables
"""

from __future__ import annotations

import argparse
import math
import re
import statistics
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from tcclip.plan import load_plan
from tcclip.reporting.cells import read_table

ROOT = Path(__file__).parents[1]
DATASETS = ("hmdb51", "ucf101", "ssv2")
SHOTS = (2, 4, 8, 16)


class Cell(NamedTuple):
    """A measured cell of a table's CSV, in the CSV's units."""

    value: float
    low: float  # of the 95 % interval; nan where there is none
    std_seeds: float
    difference: float  # from the table's baseline
    difference_low: float
    difference_high: float


Row = tuple[str, str]  # group and label
Table = dict[Row, dict[str, Cell]]


def read(tables: Path, name: str) -> Table:
    """The measured cells of `name` by row and column."""
    frame = read_table(tables / f"{name}.csv")
    measured = frame[frame["source"] == "measured"]
    numbers = measured[[*Cell._fields]].astype(float)
    found: Table = {}
    for group, row, column, *values in zip(
        measured["group"], measured["row"], measured["column"], *(numbers[field] for field in Cell._fields), strict=True
    ):
        found.setdefault((group, row), {})[column] = Cell(*values)
    return found


def grid(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A table in Markdown; its first column has no heading."""
    rows = [["", *head], *lines]
    text = ["|" + "|".join(f" {cell} " if cell else " " for cell in row) + "|" for row in rows]
    return "\n".join([text[0], "|" + "---|" * len(rows[0]), *text[1:]])


def one(cells: dict[str, Cell], column: str) -> str:
    """A cell with one decimal, empty where nothing was measured."""
    return f"{cells[column].value:.1f}" if column in cells else ""


def mean(cells: dict[str, Cell], columns: Sequence[str]) -> str:
    """The mean of several cells."""
    return f"{statistics.fmean(cells[column].value for column in columns):.1f}"


def label(row: Row) -> str:
    """A row's name, with the group that is not the plain one."""
    group, name = row
    return name if group in ("", "no weight ensemble", "original names") else f"{name}, {group}"


def zero_shot(tables: Path) -> str:
    """Table 2's top-1."""
    columns = ("hmdb51", "ucf101", "k600_top1", "all_top1")
    rows = [[label(row), *(one(cells, c) for c in columns)] for row, cells in read(tables, "table2").items()]
    return grid(("HMDB-51", "UCF-101", "K-600", "average"), rows)


def few_shot(tables: Path) -> str:
    """Table 3 by K over the datasets, and by dataset over K."""
    rows = [
        [
            label(row),
            *(mean(cells, [f"{dataset}_k{k}" for dataset in DATASETS]) for k in SHOTS),
            *(mean(cells, [f"{dataset}_k{k}" for k in SHOTS]) for dataset in DATASETS),
            one(cells, "all_avg"),
        ]
        for row, cells in read(tables, "table3").items()
    ]
    return grid((*(f"K={k}" for k in SHOTS), "HMDB-51", "UCF-101", "SSv2", "average"), rows)


def base_to_novel(tables: Path) -> str:
    """Table 4's averages with Table 5's top-1 beside them."""
    first, second = read(tables, "table4"), read(tables, "table5")
    supervised = {name: cells for (_, name), cells in second.items()}
    rows = []
    for row, cells in first.items():
        averages = [one(cells, f"all_{part}") for part in ("base", "novel", "hm")]
        top1 = one(supervised.pop(row[1]), "k400_top1") if row[1] in supervised else ""
        rows.append([label(row), *averages, top1])
    rows += [[name, "", "", "", one(cells, "k400_top1")] for name, cells in supervised.items()]
    return grid(("base", "novel", "harmonic mean", "K-400 top-1"), rows)


def fair(tables: Path) -> str:
    """All systems under one recipe, with what they cost."""
    columns = [f"{dataset}_zero_shot" for dataset in ("hmdb51", "ucf101", "k600")]
    columns += [f"{dataset}_k16" for dataset in DATASETS]
    head = ("zero-shot HMDB-51", "UCF-101", "K-600", "16 shots HMDB-51", "UCF-101", "SSv2")
    rows = []
    for (_, name), cells in read(tables, "fair").items():
        cost = [f"{cells['trained_m'].value:.3f}", f"{cells['gflops'].value:.4f}"]
        cost.append(f"{cells['throughput_views_per_s'].value:.0f}")
        shown = f"{name} (not trained)" if cells["trained_m"].value == 0 else name
        rows.append([shown, *(one(cells, column) for column in columns), *cost])
    return grid((*head, "trained (M)", "GMACs", "views/s"), rows)


def diagnostic(tables: Path) -> str:
    """What each system can see; marks are above what frames alone can have, which the table's params say."""
    columns = load_plan("mini").tables["diagnostic"].columns
    bounds = {column.name: column.bound.percent for column in columns if column.bound}

    def shown(column: str, cell: Cell) -> str:
        return f"{cell.value:.0f}" + (" ◆" if cell.low > bounds[column] else "")

    rows = [["frames alone, at best", *(f"{bound:.0f}" for bound in bounds.values())]]
    for (_, name), cells in read(tables, "diagnostic").items():
        rows.append([name, *(shown(column, cells[column]) for column in bounds)])
    return grid([column.display for column in columns if column.bound], rows)


def three_seeds(tables: Path) -> str:
    """ViFi-CLIP and TC-CLIP over several seeds, and their difference where a table has it."""
    lines = (
        ("zero-shot, average (Table 2)", "table2", "no weight ensemble", "all_top1"),
        ("zero-shot, weight ensemble", "table2", "weight ensemble", "all_top1"),
        ("few-shot, average (Table 3)", "table3", "original names", "all_avg"),
        ("base-to-novel, base classes (Table 4)", "table4", "original names", "all_base"),
        ("base-to-novel, novel classes", "table4", "original names", "all_novel"),
        ("base-to-novel, harmonic mean", "table4", "original names", "all_hm"),
    )
    rows = []
    for text, name, group, column in lines:
        table = read(tables, name)
        vifi, tc = (table[group, system][column] for system in ("ViFi-CLIP", "TC-CLIP"))
        known = not math.isnan(tc.difference)
        gap = f"{tc.difference:.1f} ({tc.difference_low:.1f} to {tc.difference_high:.1f})" if known else ""
        rows.append([text, *(f"{cell.value:.1f} ({cell.std_seeds:.1f})" for cell in (vifi, tc)), gap])
    return grid(("ViFi-CLIP", "TC-CLIP", "difference, 95 % interval"), rows)


# page -> its tables, of which THREE_SEEDS is made from another report
BLOCKS: dict[str, dict[str, Callable[[Path], str]]] = {
    "README.md": {"zero-shot": zero_shot, "few-shot": few_shot, "base-to-novel": base_to_novel},
    "docs/mini_results.md": {"fair": fair, "three seeds": three_seeds, "diagnostic": diagnostic},
}
THREE_SEEDS = "three seeds"


def filled(text: str, blocks: dict[str, str]) -> str:
    """`text` with each block's content between its marks; ValueError for a block that it has no marks of."""
    for name, content in blocks.items():
        marks = re.compile(rf"(<!-- results: {re.escape(name)} -->\n).*?(\n<!-- end -->)", re.DOTALL)
        if len(marks.findall(text)) != 1:
            raise ValueError(f"no single pair of marks '<!-- results: {name} -->' and '<!-- end -->'")
        text = marks.sub(lambda found, new=content: found[1] + new + found[2], text)  # type: ignore[misc]
    return text


def main() -> None:
    """The command line."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--tables", type=Path, default=ROOT / "reports/mini/tables")
    asked.add_argument("--three-seeds", type=Path, help="folder of the tables that have three seeds")
    given = asked.parse_args()
    for page, makers in BLOCKS.items():
        folders = {name: given.three_seeds if name == THREE_SEEDS else given.tables for name in makers}
        blocks = {name: makers[name](folder) for name, folder in folders.items() if folder}
        path = ROOT / page
        path.write_text(filled(path.read_text(encoding="utf-8"), blocks), encoding="utf-8")


if __name__ == "__main__":
    main()
