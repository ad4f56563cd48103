"""What `tcclip plan` says of GPUs and cores: what feeds them, how long it takes on so many, and what limits it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from textwrap import wrap

from tcclip.cli.table_lines import WIDTH, aligned, hours, hours_in_words
from tcclip.errors import UserError
from tcclip.estimate.feeding import Clips, test_clips, training_clips
from tcclip.estimate.hours import Rates, rates_of
from tcclip.estimate.scale import ARITHMETIC, LeastTime, ScaleEstimate, scale_of
from tcclip.params.reader import path_of
from tcclip.params.suite import Feeding
from tcclip.plan import Plan

GPUS = 8  # of a usual node
DAY = 24  # hours
FACTORS = (0.125, 0.25, 0.5, 1, 2, 4, 8)  # of the asked GPUs, for the table of other numbers


def scale_lines(plan: Plan, gpus: int | None, cores: int | None) -> Iterator[str]:
    """Feeding, wall time and bottleneck on `gpus` GPUs with `cores` processor cores; None: a usual node's.

    UserError where a suite on CPUs is asked for GPUs, or one job has more than there are.
    """
    machine, file = plan.suite.machine, path_of("suites", plan.suite.name)
    if machine.gpus == 0:
        if gpus is not None:
            raise UserError(f"{file}: machine.gpus is 0, so that everything is computed by cores: say --cores instead")
        cores = cores or max(machine.threads, os.cpu_count() or 1)
        scale = scale_of(plan, max(1, cores // machine.threads), cores)
        yield f"On {cores} processor cores, {scale.places} jobs at a time, each of which loads its clips itself:"
    else:
        gpus = gpus or max(GPUS, machine.processes)
        if gpus < machine.processes:
            raise UserError(
                f"{file}: a job has {machine.processes} GPUs (machine.gpus): say --gpus {machine.processes}"
            )
        cores = cores or gpus * machine.threads
        scale = scale_of(plan, gpus, cores)
        yield f"On {gpus} GPUs and {cores} processor cores:"
        yield from feeding_lines(plan, plan.suite.feeding, rates_of(plan), cores) if plan.suite.feeding else ()
    yield ""
    yield from wall_lines(scale, "GPU arithmetic" if machine.gpus else "arithmetic")
    yield ""
    yield from wrap(f"Not counted: {', '.join(_not_counted(plan))}.", WIDTH)


def feeding_lines(plan: Plan, feeding: Feeding, rates: Rates, cores: int) -> Iterator[str]:
    """Cores that load what a GPU works off, and GPUs that the cores feed, for every kind of clip that the plan has."""
    kinds = _kinds(plan, rates)
    everyone = {kind: set().union(*(s for (c, _), s in kinds.items() if c.kind == kind)) for kind in _KINDS}
    rows = [("clips", "GPU takes", "core loads", "cores/GPU", f"{cores} cores feed", "systems")]
    for (clips, taken), systems in sorted(kinds.items(), key=lambda item: (item[0][0].kind == _KINDS[1], str(item[0]))):
        loaded = clips.per_core(feeding)
        feeds = cores * loaded / taken
        rows.append(
            (
                str(clips),
                f"{taken:.3g}/s",
                f"{loaded:.3g}/s",
                f"{taken / loaded:.2g}",
                f"{feeds:,.0f} GPUs" if feeds >= 10 else f"{feeds:.2g} GPUs",
                "all" if systems == everyone[clips.kind] else ", ".join(sorted(systems)),
            )
        )
    for line in aligned(rows, left=1, text=True):
        yield from wrap(line, WIDTH, subsequent_indent=" " * 6, drop_whitespace=True, break_long_words=False)
    file = path_of("suites", plan.suite.name)
    yield from wrap(
        f"What a core loads is stated below `feeding` in {file}: {feeding.source}. Clips of other lengths than "
        "16 frames cost by their frames, and what a GPU takes is not stated by length. The cores of the processes that "
        "compute are not in it.",
        WIDTH,
    )


_KINDS = ("training", "evaluation")


def _kinds(plan: Plan, rates: Rates) -> dict[tuple[Clips, float], set[str]]:
    """Kinds of clips with the clips that a GPU takes in a second, and the systems that have them."""
    found: dict[tuple[Clips, float], set[str]] = {}
    for run in plan.runs.values():
        tested = rates.evaluate.get(run.method, rates.other)
        kinds = [(test_clips(plan, run, e.role, e.views), tested) for e in plan.evaluations(run.name)]
        if run.role:
            kinds.append((training_clips(plan, run), rates.train))
            kinds.append((test_clips(plan, run, run.role, plan.protocol_for(run).validation_views), tested))
        for kind in kinds:
            found.setdefault(kind, set()).add(run.method.partition("-")[0])
    return found


def wall_lines(scale: ScaleEstimate, arithmetic: str) -> Iterator[str]:
    """What each resource takes alone, the wall time, the bottleneck, and the same on other numbers of GPUs."""
    rows = [(_name(bound, arithmetic), hours(bound.hours), bound.because) for bound in scale.bounds]
    yield from aligned([("alone takes", "hours", "because of"), *rows], left=1, text=True)
    yield ""
    days = f" ({scale.wall / DAY:.3g} days)" if scale.wall > DAY else ""
    yield from wrap(
        f"Wall time: {hours_in_words(scale.wall)}{days} when the job starts first that has the longest way behind it; "
        f"at most {hours_in_words(scale.any_order)} in any other order.",
        WIDTH,
    )
    yield from wrap(bottleneck(scale.bounds, arithmetic), WIDTH)
    if arithmetic.startswith("GPU"):
        yield ""
        yield from _other_numbers(scale, arithmetic)


def bottleneck(bounds: list[LeastTime], arithmetic: str = "GPU arithmetic") -> str:
    """One sentence: what takes longest alone, and by how much; `bounds` have the longest first."""
    if not bounds:
        return "No part of it is known to take time."
    first, *rest = bounds
    sentence = f"The bottleneck is {_name(first, arithmetic)}: {hours_in_words(first.hours)}"
    if not rest:
        return f"{sentence}; of nothing else a time is known."
    return f"{sentence}, {first.hours / rest[0].hours:.3g} times those of {_name(rest[0], arithmetic)}."


def _other_numbers(scale: ScaleEstimate, arithmetic: str) -> Iterator[str]:
    """The same with fewer and with more GPUs, each with as many cores."""
    unit, rows = scale.gpus_of_a_job, [("GPUs", "cores", "hours", "days", "bottleneck")]
    for gpus in sorted({max(unit, int(scale.gpus * factor)) for factor in FACTORS}):
        other = ScaleEstimate(scale.tasks, scale.fetched, gpus, max(1, scale.cores * gpus // scale.gpus), unit)
        limit = _name(other.bounds[0], arithmetic) if other.bounds else ""
        rows.append((f"{gpus}", f"{other.cores}", hours(other.wall), f"{other.wall / DAY:.3g}", limit))
    yield from aligned(rows, left=0, text=True)


def _not_counted(plan: Plan) -> Iterator[str]:
    """What takes time of which nothing is known."""
    if rates_of(plan).measured and not plan.suite.feeding:
        yield "loading of videos and the start of jobs"
    if plan.generated:
        yield "making videos and frames"
    if plan.suite.backbone.pretraining:
        yield "pre-training of CLIP"
    yield from ("unpacking", "tables, figures and the page", "the wait in a cluster's queue")


def _name(bound: LeastTime, arithmetic: str) -> str:
    return arithmetic if bound.what == ARITHMETIC else bound.what
