"""What `tcclip plan` prints: the suite's runs, or what they cost in hours and on the disk."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from textwrap import wrap

from tcclip.cli.table_lines import WIDTH, aligned, hours
from tcclip.estimate.disk import GB, Disk, Size, disk_of
from tcclip.estimate.hours import Estimate, estimates_by_system, estimates_of, rates_of, total
from tcclip.estimate.rows import row_costs
from tcclip.params.dataset import Dataset, Release
from tcclip.params.reader import path_of
from tcclip.params.seeds import EVERY
from tcclip.plan import Plan, layout

UNKNOWN = "?"
ESTIMATE = "~"  # before a size that is not measured


def run_lines(plan: Plan) -> Iterator[str]:
    """One line per run: its evaluations, and the tables it serves."""
    width = max(map(len, plan.runs), default=0)
    for run in plan.runs:
        yield f"{run:{width}s} {len(plan.evaluations(run)):3d} evaluations   {' '.join(plan.tables_of(run))}"


def change_lines(plan: Plan, values: Sequence[str]) -> Iterator[str]:
    """What is other than in params/, and in how many methods."""
    if values:
        have = sum(plan.changes.of(plan.method(name)) == plan.changes.method for name in plan.methods)
        where = f", in the {have} of {len(plan.methods)} methods that have it" if plan.changes.method else ""
        yield f"With {', '.join(values)} in the place of what params/ says{where}."
        yield ""


def seed_lines(plan: Plan) -> Iterator[str]:
    """Which trainings the suite, or whoever asks, gives other seeds than their protocols list."""
    given = plan.suite.seeds
    if given:
        parts = [f"{'all others' if key == EVERY and len(given) > 1 else key} {_listed(n)}" for key, n in given.items()]
        yield from wrap(f"Seeds: {'; '.join(parts)}.", WIDTH)
        yield ""


def cost_lines(plan: Plan) -> Iterator[str]:
    """Trainings, evaluations, views and hours by protocol and dataset, by system, and the rates behind the hours."""
    costs, rates = estimates_of(plan), rates_of(plan)
    unit = "hours" if plan.suite.machine.gpus in (0, "auto") else "GPU-hours"
    head = ("trainings", "evaluations", "views trained", "views tested", unit)
    everything = total(costs.values())
    rows = [(*key, *_counts(cost)) for key, cost in sorted(costs.items())]
    yield from aligned([("protocol", "trained on", *head), *rows, ("total", "", *_counts(everything))], left=2)
    yield ""
    systems = [(name, *_counts(cost)) for name, cost in estimates_by_system(plan).items()]
    yield from aligned([("system", *head), *systems], left=1)
    yield ""
    tested = _span([*rates.evaluate.values(), rates.other])
    yield from wrap(f"Rates: {rates.train:.3g} views/s in training, {tested} in evaluation: {rates.source}.", WIDTH)
    yield "Views tested are those of validations and evaluations, where a video of several splits is seen once."
    if everything.unknown:
        yield f"Not counted, because nothing is known of them yet: {', '.join(sorted(everything.unknown))}."
    if everything.too_few:
        where = f"{', '.join(sorted(everything.too_few))}. Lower total_batch there."
        yield from wrap(f"Fewer training videos than one optimizer step takes: {where}", WIDTH)


def row_lines(plan: Plan) -> Iterator[str]:
    """One line per row of a table that has a method: its runs, their hours, and what quoting the row would save."""
    unit = "hours" if plan.suite.machine.gpus in (0, "auto") else "GPU-hours"
    head = ("table", "row", "method", "", "trainings", "evaluations", unit, "only for it")
    rows = [
        (
            cost.table,
            f"{cost.group}: {cost.row}" if cost.group else cost.row,
            cost.method,
            "quoted" if cost.quoted else "",
            f"{cost.whole.trainings:,}",
            f"{cost.whole.evaluations:,}",
            hours(cost.whole.hours),
            hours(cost.alone.hours),
        )
        for cost in row_costs(plan)
    ]
    yield from aligned([head, *rows], left=4)
    yield ""
    where = path_of("suites", plan.suite.name)
    yield from wrap(
        f"A run may serve several rows. The last column is of those that no row of another name shows: what naming the "
        f"row in `quoted_rows` of {where} saves.",
        WIDTH,
    )


def disk_lines(plan: Plan) -> Iterator[str]:
    """Videos, download, videos and frame shards by dataset, and the space that is free."""
    found = {name: disk_of(dataset) for name, dataset in plan.datasets.items()}
    head = ("dataset", "videos", "download GB", "videos GB", "frames GB")
    rows = [(name, *_sizes(disk)) for name, disk in found.items()]
    sums = [_sum([getattr(disk, kind) for disk in found.values()]) for kind in ("download", "raw", "frames")]
    yield from aligned([head, *rows, ("total", "", *map(_gigabytes, sums))], left=1)
    yield ""
    unsure = f"{ESTIMATE} estimated, {UNKNOWN} not known before the dataset is there."
    yield from wrap(f"{unsure} {_free()}", WIDTH)
    if kept := [name for name, dataset in plan.datasets.items() if _twice(dataset)]:
        yield f"Archives stay beside the videos unless sources.keep_archives is false: {', '.join(kept)}."


def _free() -> str:
    """What is free where data will lie, to which `data` or a folder in it may be a link."""
    disks: dict[int, tuple[str, float]] = {}
    for folder in (layout.downloads(""), layout.raw(""), layout.frames("")):
        there = next(path for path in (folder, *folder.parents) if path.exists())
        disks.setdefault(there.stat().st_dev, (str(folder), shutil.disk_usage(there).free / GB))
    if len(disks) == 1:
        return f"Free on the disk of {layout.DATA}: {next(iter(disks.values()))[1]:,.0f} GB."
    return f"Free: {', '.join(f'{free:,.0f} GB on the disk of {folder}' for folder, free in disks.values())}."


def _counts(cost: Estimate) -> tuple[str, ...]:
    return (
        *(f"{n:,}" for n in (cost.trainings, cost.evaluations, cost.train_views, cost.eval_views)),
        hours(cost.hours),
    )


def _sizes(disk: Disk) -> tuple[str, ...]:
    videos = f"{disk.videos:,}" if disk.videos else UNKNOWN
    return videos, *map(_gigabytes, (disk.download, disk.raw, disk.frames))


def _gigabytes(size: Size) -> str:
    if size.bytes is None:
        return UNKNOWN
    amount = size.bytes / GB
    return ("" if size.measured else ESTIMATE) + (f"{amount:,.0f}" if amount >= 10 else f"{amount:.2g}")


def _sum(sizes: Sequence[Size]) -> Size:
    """The sum of what is known."""
    known = [size.bytes for size in sizes if size.bytes is not None]
    return Size(sum(known) if known else None, all(size.measured for size in sizes))


def _span(rates: Sequence[float]) -> str:
    low, high = min(rates), max(rates)
    return f"{low:.3g}" if low == high else f"{low:.3g} to {high:.3g}"


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))


def _twice(dataset: Dataset) -> bool:
    if not isinstance(dataset, Release) or dataset.sources is None:
        return False
    return dataset.folder is None and dataset.sources.keep_archives
