"""A world whose classes have rephrased names, and trainings of FROSTER in it."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from tiny_world import CLASSES, add_tokens, make_world, protocol, training_job

from tcclip.models.class_texts import class_prompts
from tcclip.params import Method, load_method
from tcclip.training import TrainingJob

PROMPTS = ["a photo of {name}.", "a video of {name}.", "{name} again."]
TEXTS = {"rephrased": {name: (f"Ball {number}: it is {name}",) for number, name in enumerate(CLASSES)}}


def method(**changes: Any) -> Method:
    """FROSTER with fewer prompts; keys of `changes` have __ for the dot."""
    dotted = {key.replace("__", "."): value for key, value in changes.items()}
    return load_method("froster", {"text.prompts": PROMPTS, "sampling": "segments", **dotted})


def rephrased_world(folder: Path) -> Path:
    """`make_world` with token ids of all texts."""
    add_texts(world := make_world(folder))
    return world


def add_texts(world: Path) -> None:
    """Token ids of all texts."""
    add_tokens(world, class_prompts(method(), CLASSES, TEXTS))


def job_of(world: Path, run: str, steps: int = 6, **changes: Any) -> TrainingJob:
    """As many optimizer steps of four micro-batches, one an epoch; the mean of all but the first is kept."""
    budget = protocol(
        frames=2, epochs=steps, total_batch=8, micro_batch=2, select={"kind": "average", "from_epoch": 1},
        validation={"split": "test", "epochs": []},
    )  # fmt: skip
    job = training_job(world, run, method(), protocol=budget, texts=TEXTS)
    return dataclasses.replace(job, **changes)
