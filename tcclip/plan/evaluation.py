"""One run on one split, and the numbers that have been found so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import stdev
from typing import Any

from tcclip.errors import UserError
from tcclip.params.column import Cost
from tcclip.params.protocol import Views

Results = Mapping[str, Mapping[str, Any]]  # run name -> evaluation name -> its part of metrics.json
Costs = Mapping[str, Mapping[Cost, float]]  # method -> cost -> in the cost's own unit


@dataclass(frozen=True)
class Evaluation:
    """One run on one split."""

    run: str
    role: str
    split: str
    views: Views
    we: bool
    seed: int | None = None  # of the run's training; None: nothing was trained
    last: bool = False  # with the last epoch's weights, where the run's are the best epoch's
    precision: str = ""  # that a person asks for; else the suite's

    @property
    def name(self) -> str:
        """For example hmdb51-test1-2x1-we: dataset, split, temporal x spatial views, weight ensemble or last epoch."""
        asked = f"-{self.precision}" if self.precision else ""
        views = f"{self.views.temporal}x{self.views.spatial}" + ("" if self.views.mode == "paper" else "-even")
        return f"{self.role}-{self.split}-{views}" + "-we" * self.we + "-last" * self.last + asked


@dataclass(frozen=True)
class Found:
    """What there is to fill cells with."""

    results: Results
    costs: Costs = field(default_factory=dict)


@dataclass(frozen=True)
class Number:
    """What a cell shows, before rounding."""

    value: float  # percent, or the column's own unit; over several seeds their mean
    std: float | None = None  # over splits or draws of the training list, as the paper's
    videos: Mapping[str, int] = field(default_factory=dict)  # evaluation name -> number of tested videos
    runs: tuple[str, ...] = ()
    by_seed: Mapping[int | None, float] = field(default_factory=dict)  # the value of each seed; None: nothing trained

    @property
    def std_seeds(self) -> float | None:
        """Sample deviation (n - 1) of the value over seeds, which are a sample of all that there could be."""
        return stdev(self.by_seed.values()) if len(self.by_seed) > 1 else None

    @property
    def seeds(self) -> int | None:
        """How many trainings that differ in their seed alone are behind the value; None where nothing was trained."""
        return sum(seed is not None for seed in self.by_seed) or None


def percentage(evaluation: Evaluation, part: Mapping[str, Any], metric: str) -> float:
    """A metric of an evaluation's part of metrics.json; UserError when that is no percentage."""
    value = part.get(metric)
    if not isinstance(value, int | float) or not 0 <= value <= 100:
        raise UserError(
            f"metrics.json of run {evaluation.run}: {evaluation.name}.{metric} must be a percentage "
            f"(got {value!r}): delete the file and run the same command again"
        )
    return float(value)
