"""Pseudo-labels in the plan: which videos a frozen model labels, and the training lists that are made of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tcclip.errors import UserError
from tcclip.params import Dataset
from tcclip.plan import layout
from tcclip.plan.plan import Plan
from tcclip.plan.runs import Run

FRAME_SHARDS = 16  # whose videos one job labels: with shards of 4 GB some ten thousand


@dataclass(frozen=True)
class Labelling:
    """The videos of a split, labelled by a method that is not trained."""

    role: str  # the paper's dataset
    split: str
    method: str
    frames: int  # of a video

    @property
    def name(self) -> str:
        """Of its folder."""
        return f"{self.split}-{self.method}-{self.frames}f"


def labelling_of(plan: Plan, run: Run) -> Labelling | None:
    """Who labels the videos of a training; None where their list does."""
    if run.role is None or (pseudo := plan.protocol_for(run).pseudo_labels) is None:
        return None
    if plan.method(pseudo.by).train:
        raise UserError(
            f"pseudo_labels.by of protocol {run.protocol} names {pseudo.by}, which is trained: name a method with "
            f"train: false (the run is {run.name})"
        )
    return Labelling(run.role, plan.train_split(run), pseudo.by, plan.protocol_for(run).frames)


def labellings(plan: Plan) -> dict[Labelling, list[float]]:
    """What the suite's trainings have labelled, and the shares of the videos that they keep."""
    found: dict[Labelling, dict[float, None]] = {}
    for run in plan.runs.values():
        if (labelling := labelling_of(plan, run)) is not None:
            found.setdefault(labelling, {})[keep_of(plan, run)] = None
    return {labelling: sorted(shares) for labelling, shares in found.items()}


def keep_of(plan: Plan, run: Run) -> float:
    """The share of its split's videos that a run trains on, as far as their labels decide it."""
    pseudo = plan.protocol_for(run).pseudo_labels
    return pseudo.keep if pseudo else 1.0


def training_list(plan: Plan, run: Run) -> Path:
    """The split table that a run is trained on."""
    assert run.role is not None
    dataset, labelling = plan.dataset(run.role), labelling_of(plan, run)
    if labelling is None:
        return layout.split(dataset.name, plan.train_split(run))
    return kept_list(plan, labelling, keep_of(plan, run))


def kept_list(plan: Plan, labelling: Labelling, keep: float) -> Path:
    """The training list of the surest videos."""
    return layout.pseudo_list(*_place(plan, labelling), keep)


def label_shard(plan: Plan, labelling: Labelling, number: int | str) -> Path:
    """The labels of one job's videos; `number` may be a wildcard."""
    return layout.pseudo_labels(*_place(plan, labelling), number)


def shards_of(dataset: Dataset) -> int:
    """How many jobs label a split of a dataset."""
    return max(1, dataset.frames.shards // FRAME_SHARDS)


def _place(plan: Plan, labelling: Labelling) -> tuple[str, str, str]:
    return plan.suite.backbone.name, plan.dataset(labelling.role).name, labelling.name
