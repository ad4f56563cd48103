"""A world whose classes have descriptors, and trainings of OST in it."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from tiny_world import CLASSES, add_tokens, make_world, protocol, training_job

from tcclip.models.class_texts import class_prompts
from tcclip.params import Method, load_method
from tcclip.training import TrainingJob

TEXTS = {
    "descriptors": {name: tuple(f"{part} of {name}" for part in ("side", "top", "start", "end")) for name in CLASSES}
}


def method(**changes: Any) -> Method:
    """OST with two descriptors of each type; keys of `changes` have __ for the dot."""
    dotted = {key.replace("__", "."): value for key, value in changes.items()}
    return load_method("ost", {"text.count": 2, **dotted})


def described_world(folder: Path) -> Path:
    """`make_world` with token ids of all texts."""
    add_descriptors(world := make_world(folder))
    return world


def add_descriptors(world: Path) -> None:
    """Token ids of all texts."""
    add_tokens(world, class_prompts(method(), CLASSES, TEXTS))


def job_of(world: Path, run: str, steps: int = 4, kind: Method | None = None, **changes: Any) -> TrainingJob:
    """As many optimizer steps of four micro-batches of two videos, one an epoch."""
    budget = protocol(frames=2, epochs=steps, total_batch=8, micro_batch=2, validation={"split": "test", "epochs": []})
    job = training_job(world, run, kind or method(), protocol=budget, texts=TEXTS)
    return dataclasses.replace(job, **changes)
