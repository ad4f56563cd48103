"""Trainings of the compared systems whose objectives are their own, in one small world with all their texts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import described_world as described
import rephrased_world as rephrased
from tiny_world import WORDS, make_world, protocol, training_job

from tcclip.params import load_method
from tcclip.training import TrainingJob

OWN_OBJECTIVES = ("open_vclip", "froster", "ost", "maxi")  # interpolated, distilled, kl_pairs of a sum, mil_nce


def world_of_systems(folder: Path) -> Path:
    """`make_world` with token ids of all texts."""
    add_texts(world := make_world(folder))
    return world


def add_texts(world: Path) -> None:
    """Token ids of the texts from outside."""
    rephrased.add_texts(world)
    described.add_descriptors(world)


def job_of(world: Path, run: str, system: str, **changes: Any) -> TrainingJob:
    """A training with `changes` of its protocol; the mean of the weights after all epochs but the first is kept."""
    methods = {"froster": rephrased.method, "ost": described.method}
    budget = protocol(
        frames=2, select={"kind": "average", "from_epoch": 1}, validation={"split": "test", "epochs": []}, **changes
    )
    method = methods[system]() if system in methods else load_method(system)
    return training_job(world, run, method, protocol=budget, texts={**WORDS, **rephrased.TEXTS, **described.TEXTS})
