"""How long a suite takes on a number of GPUs and processor cores, what feeds them, and where the bottleneck is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from tcclip.estimate.disk import MB, disk_of
from tcclip.estimate.feeding import VIDEO_MB, Clips, test_clips, training_clips
from tcclip.estimate.hours import (
    SECONDS,
    Rates,
    estimate_of_labels,
    evaluations_of,
    rates_of,
    training_of,
    views_of_tests,
)
from tcclip.estimate.schedule import Job, any_order_hours, longest_chain, wall_hours
from tcclip.params.suite import Feeding
from tcclip.plan import Plan, Run
from tcclip.plan.labelling import Labelling, labelling_of, labellings, shards_of

ARITHMETIC, LOADING, CHAIN = "arithmetic", "loading by the cores", "the longest training"
EXTRACTION, DOWNLOAD = "extraction of frames", "download"


@dataclass(frozen=True)
class Task:
    """A job of the GPUs before it is known on how many: hours of one GPU, and core-hours of what loads its clips."""

    name: str
    gpu_hours: float
    core_hours: float
    needs: tuple[str, ...]
    datasets: frozenset[str]  # whose frames it reads


@dataclass(frozen=True)
class Fetched:
    """What it takes until the frames of a dataset are there."""

    line_hours: float  # of the line to the mirrors
    core_hours: float  # of extraction
    shards: int  # so many cores can extract at once


@dataclass(frozen=True)
class LeastTime:
    """A time that the whole cannot take less than, and what it comes from."""

    what: str
    hours: float
    because: str


@dataclass(frozen=True)
class ScaleEstimate:
    """A suite on `gpus` GPUs and `cores` processor cores; where none are used, a place for a job counts as one."""

    tasks: tuple[Task, ...]
    fetched: dict[str, Fetched]
    gpus: int
    cores: int
    gpus_of_a_job: int = 1
    cores_of_a_job: int = 0  # where no GPUs are used

    @property
    def places(self) -> int:
        """How many jobs compute at once."""
        return max(1, self.gpus // self.gpus_of_a_job)

    @cached_property
    def ready(self) -> dict[str, float]:
        """Hours until the frames of each dataset are there: one after the other, the smallest first."""
        line = cores = 0.0
        found = {}
        for name, dataset in sorted(self.fetched.items(), key=lambda item: (item[1].line_hours, item[1].core_hours)):
            line += dataset.line_hours
            cores = max(line, cores) + dataset.core_hours / min(self.cores, dataset.shards)
            found[name] = cores
        return found

    def jobs(self, places: int) -> list[Job]:
        """The tasks when so many share the cores: a job takes as long as its GPUs, or as what feeds it, takes."""
        cores = self.cores / places
        return [
            Job(
                task.name,
                max(task.gpu_hours / self.gpus_of_a_job, task.core_hours / cores),
                task.needs,
                max((self.ready[name] for name in task.datasets), default=0.0),
            )
            for task in self.tasks
        ]

    @cached_property
    def wall(self) -> float:
        """Hours, the job with the longest way behind it first."""
        return wall_hours(self.jobs, self.places)

    @cached_property
    def any_order(self) -> float:
        """Hours at most, in whatever order free places take jobs."""
        return any_order_hours(self.jobs(self.places), self.places)

    @cached_property
    def bounds(self) -> list[LeastTime]:
        """What each resource alone would take, the longest first: the bottleneck."""
        gpu, core = sum(t.gpu_hours for t in self.tasks), sum(t.core_hours for t in self.tasks)
        alone = [Job(t.name, t.gpu_hours / self.gpus_of_a_job, t.needs) for t in self.tasks]
        chain = longest_chain(alone)
        extracted = sum(f.core_hours for f in self.fetched.values())
        line = sum(f.line_hours for f in self.fetched.values())
        computed = _of(gpu * self.cores_of_a_job, "core-hours") if self.cores_of_a_job else _of(gpu, "GPU-hours")
        found = [
            LeastTime(ARITHMETIC, gpu / (self.places * self.gpus_of_a_job), computed),
            LeastTime(LOADING, core / self.cores, _of(core, "core-hours")),
            LeastTime(CHAIN, chain.hours, ", ".join(chain.jobs)),
            LeastTime(EXTRACTION, extracted / self.cores, _of(extracted, "core-hours")),
            LeastTime(DOWNLOAD, line, "the line to the mirrors"),
        ]
        return sorted((b for b in found if b.hours), key=lambda bound: -bound.hours)


def scale_of(plan: Plan, gpus: int, cores: int) -> ScaleEstimate:
    """The plan's trainings, evaluations and pseudo-labels, and what comes before them, on so many GPUs and cores."""
    machine = plan.suite.machine
    return ScaleEstimate(
        tuple(_tasks(plan, rates_of(plan), plan.suite.feeding)),
        _fetched(plan, plan.suite.feeding),
        gpus,
        cores,
        machine.processes,
        0 if machine.gpus else machine.threads,
    )


def _tasks(plan: Plan, rates: Rates, feeding: Feeding | None) -> Iterator[Task]:
    labels: dict[Labelling, tuple[str, ...]] = {}
    for labelling in labellings(plan):
        tasks = _labelling_tasks(plan, labelling, rates, feeding)
        labels[labelling] = tuple(task.name for task in tasks)
        yield from tasks
    for run in plan.runs.values():
        trained: tuple[str, ...] = ()
        if run.role:
            labelling_ = labelling_of(plan, run)
            needs = (*(labels[labelling_] if labelling_ else ()), *([_training(run.init)] if run.init else []))
            cost, validation = training_of(plan, run, rates), plan.protocol_for(run).validation_views
            loading = _core_hours(cost.train_views, training_clips(plan, run), feeding)
            loading += _core_hours(cost.eval_views, test_clips(plan, run, run.role, validation), feeding)
            trained = (_training(run),)
            yield Task(trained[0], cost.hours, loading, needs, frozenset([plan.dataset(run.role).name]))
        tests = plan.evaluations(run.name)
        cost = evaluations_of(plan, run, rates)
        loading = sum(
            _core_hours(views, test_clips(plan, run, test.role, test.views), feeding)
            for test, views in views_of_tests(plan, run)
        )
        datasets = frozenset(plan.dataset(test.role).name for test in tests)
        yield Task(f"evaluation of {run.name}", cost.hours, loading, trained, datasets)


def _training(run: Run) -> str:
    return f"training of {run.name}"


def _labelling_tasks(plan: Plan, labelling: Labelling, rates: Rates, feeding: Feeding | None) -> list[Task]:
    """One for each of its jobs."""
    dataset, cost = plan.dataset(labelling.role), estimate_of_labels(plan, labelling, rates)
    clips = Clips("evaluation", labelling.frames, dataset.frames.store == "online")
    loading, parts = _core_hours(cost.eval_views, clips, feeding), shards_of(dataset)
    return [
        Task(
            f"labels of {labelling.role} {labelling.name} {part}",
            cost.hours / parts,
            loading / parts,
            (),
            frozenset([dataset.name]),
        )
        for part in range(parts)
    ]


def _of(amount: float, unit: str) -> str:
    return f"{amount:,.0f} {unit}" if amount >= 10 else f"{amount:.2g} {unit}"


def _core_hours(views: int, clips: Clips, feeding: Feeding | None) -> float:
    return views / clips.per_core(feeding) / SECONDS if feeding else 0.0


def _fetched(plan: Plan, feeding: Feeding | None) -> dict[str, Fetched]:
    """What is there already takes no time, and neither does what is generated here."""
    found = {}
    for name, dataset in plan.datasets.items():
        disk, line, cores = disk_of(dataset), 0.0, 0.0
        if feeding and not disk.download.measured:
            line = (disk.download.bytes or 0) / MB / feeding.download_mb_per_s / SECONDS
        if feeding and not disk.frames.measured:
            cores = (disk.frames.bytes or 0) / MB / VIDEO_MB / feeding.extracted_videos_per_s / SECONDS
        found[name] = Fetched(line, cores, dataset.frames.shards)
    return found
