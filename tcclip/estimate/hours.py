"""What a suite's runs cost before they start: videos seen in training and evaluation, and hours of one GPU."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from tcclip.estimate.sizes import split_size, tested_together
from tcclip.params import Dataset, Protocol
from tcclip.plan import Evaluation, Plan, Run, layout
from tcclip.plan.labelling import Labelling, keep_of, labellings
from tcclip.process.files import read_json

SECONDS = 3600  # of an hour
Key = TypeVar("Key")


@dataclass(frozen=True)
class Estimate:
    """What a set of runs costs."""

    trainings: int = 0
    evaluations: int = 0
    train_views: int = 0  # clips seen in training, one per video and epoch
    eval_views: int = 0  # in validation and evaluation
    hours: float = 0  # of one GPU
    unknown: frozenset[str] = field(default_factory=frozenset)  # dataset and split whose size is not known: not counted
    too_few: frozenset[str] = field(default_factory=frozenset)  # trainings that would end before their first step

    def __add__(self, other: Estimate) -> Estimate:
        return Estimate(
            self.trainings + other.trainings,
            self.evaluations + other.evaluations,
            self.train_views + other.train_views,
            self.eval_views + other.eval_views,
            self.hours + other.hours,
            self.unknown | other.unknown,
            self.too_few | other.too_few,
        )


@dataclass(frozen=True)
class Rates:
    """Views per second."""

    train: float
    evaluate: dict[str, float]  # by method
    other: float  # evaluation of a method that is not among them
    source: str
    measured: bool = False  # by steps alone, without loading of videos


def rates_of(plan: Plan) -> Rates:
    """The stated rates, or those that `tcclip bench` has measured for the suite (reports/<suite>/bench.json).

    What was not measured is scaled: other methods are as slow as the slowest, and training is slower than evaluation by
    the stated factor.
    """
    stated, path = plan.suite.throughput, layout.throughput(plan.suite.name)
    rows = read_json(path)["rows"] if path.is_file() else []
    found = {
        mode: {row["subject"]: float(row["views_per_s"]) for row in rows if row["mode"] == mode}
        for mode in ("train", "eval")
    }
    if not found["eval"]:
        return Rates(stated.train_views_per_s, {}, stated.eval_views_per_s, stated.source)
    slowest = min(found["eval"].values())
    scaled = slowest * stated.train_views_per_s / stated.eval_views_per_s
    train = min(found["train"].values(), default=scaled)
    return Rates(train, found["eval"], slowest, f"measured, without loading of videos ({path})", measured=True)


def estimates_of(plan: Plan) -> dict[tuple[str, str], Estimate]:
    """The cost by protocol and the dataset that is trained on; ("untrained", "-") for other runs, and pseudo-labels."""
    return _sums((key, cost) for key, _, cost in _costs(plan))


def estimates_by_system(plan: Plan) -> dict[str, Estimate]:
    """The cost by system, in the plan's order: the runs of both its recipes and of its variants."""
    return _sums((method.partition("-")[0], cost) for _, method, cost in _costs(plan))


def _costs(plan: Plan) -> Iterator[tuple[tuple[str, str], str, Estimate]]:
    """Protocol and dataset, method and cost of every run and every labelling."""
    rates = rates_of(plan)
    for run in plan.runs.values():
        key = (run.protocol, run.role) if run.role else ("untrained", "-")
        yield key, run.method, estimate_of(plan, run, rates)
    for labelling in labellings(plan):
        yield ("pseudo-labels", labelling.role), labelling.method, estimate_of_labels(plan, labelling, rates)


def _sums(costs: Iterable[tuple[Key, Estimate]]) -> dict[Key, Estimate]:
    found: dict[Key, Estimate] = {}
    for key, cost in costs:
        found[key] = found.get(key, Estimate()) + cost
    return found


def estimate_of_labels(plan: Plan, labelling: Labelling, rates: Rates) -> Estimate:
    """The cost of labelling a split by a model that is not trained, one view of each video."""
    dataset = plan.dataset(labelling.role)
    size = split_size(dataset, labelling.split)
    hours = (size or 0) / rates.evaluate.get(labelling.method, rates.other) / SECONDS
    unknown = frozenset([f"{dataset.name} {labelling.split}"] if size is None else [])
    return Estimate(eval_views=size or 0, hours=hours, unknown=unknown)


def total(costs: Iterable[Estimate]) -> Estimate:
    """The sum."""
    return sum(costs, Estimate())


def estimate_of(plan: Plan, run: Run, rates: Rates) -> Estimate:
    """The cost of one training with its validations, and of its evaluations."""
    return training_of(plan, run, rates) + evaluations_of(plan, run, rates)


def training_of(plan: Plan, run: Run, rates: Rates) -> Estimate:
    """The cost of one training with its validations; nothing where nothing is trained."""
    if not run.role:
        return Estimate()
    protocol, dataset = plan.protocol_for(run), plan.dataset(run.role)
    videos = VideoCounts()
    kept = round(keep_of(plan, run) * videos.of(dataset, plan.train_split(run)))
    no_step = kept < protocol.total_batch and not videos.unknown
    validated = validations(protocol) * protocol.validation_views.count * videos.of(dataset, protocol.validation.split)
    cost = _estimate(run, rates, videos, trained=views_of_training(protocol, kept), tested=validated, trainings=1)
    if no_step:
        few = f"{dataset.name} {plan.train_split(run)} ({kept} videos, protocol {protocol.name})"
        cost = dataclasses.replace(cost, too_few=frozenset([few]))
    return cost


def evaluations_of(plan: Plan, run: Run, rates: Rates) -> Estimate:
    """The cost of a run's evaluations."""
    videos = VideoCounts()
    tested = sum(views for _, views in views_of_tests(plan, run, videos))
    return _estimate(run, rates, videos, tested=tested, evaluations=len(plan.evaluations(run.name)))


def views_of_tests(plan: Plan, run: Run, videos: VideoCounts | None = None) -> Iterator[tuple[Evaluation, int]]:
    """Clips of the evaluations of a run that show videos in the same way, with one of these evaluations.

    A video of several splits is shown once (`evaluation.together`). A split whose size is not known has none, which
    `videos` remembers.
    """
    sizes, alone = videos or VideoCounts(), plan.method(run.method).score.of_batch
    together: dict[tuple[str, ...], list[Evaluation]] = {}
    for test in plan.evaluations(run.name):
        sizes.of(plan.dataset(test.role), test.split)
        same = test.role, f"{test.we} {test.last} {test.precision}", test.views.model_dump_json()
        together.setdefault((*same, test.split if alone else ""), []).append(test)
    for tests in together.values():
        first = tests[0]
        shown = tested_together(plan.dataset(first.role), [test.split for test in tests])
        yield first, shown * first.views.count


@dataclass
class VideoCounts:
    """Counts videos, and remembers the splits of which nothing is known."""

    unknown: set[str] = field(default_factory=set)

    def of(self, dataset: Dataset, split: str) -> int:
        """Listed videos of a split; 0 if nothing is known about it yet."""
        size = split_size(dataset, split)
        if size is None:
            self.unknown.add(f"{dataset.name} {split}")
        return size or 0


def _estimate(
    run: Run,
    rates: Rates,
    sizes: VideoCounts,
    trained: int = 0,
    tested: int = 0,
    trainings: int = 0,
    evaluations: int = 0,
) -> Estimate:
    hours = (trained / rates.train + tested / rates.evaluate.get(run.method, rates.other)) / SECONDS
    return Estimate(trainings, evaluations, trained, tested, hours, frozenset(sizes.unknown))


def views_of_training(protocol: Protocol, videos: int) -> int:
    """Clips that are seen in all epochs; an epoch has whole optimizer steps only."""
    return protocol.epochs * (videos // protocol.total_batch) * protocol.total_batch


def validations(protocol: Protocol) -> int:
    """How many epochs are validated; where the best epoch is kept, the last one always is."""
    if protocol.validation.epochs == "all":
        return protocol.epochs
    last = {protocol.epochs - 1} if protocol.select.VALIDATES_LAST else set()
    return len({*protocol.validation.epochs, *last})
