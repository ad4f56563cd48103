"""What a training's weights depend on, in parts that a person can read: the mark of its resume state."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from tcclip.params.depends import machine_settings, training_settings
from tcclip.process.files import short_hash
from tcclip.training.job import TrainingJob

SHOWN = 3  # values or modules that a message names


@dataclass(frozen=True)
class Mark:
    """What the weights depend on. Paths and loader workers do not count, nor how many share it and on which device.

    How many would share its validation do where a score depends on what else is scored at once.
    """

    settings: Mapping[str, Any]
    data: str  # hash of the videos, their classes and the files behind them
    backbone: str  # hash of CLIP's weights
    code: Mapping[str, str]  # module -> hash of its meaning

    def as_text(self) -> str:
        """The mark for a file."""
        return json.dumps(asdict(self), sort_keys=True)

    @staticmethod
    def of_text(text: str) -> Mark:
        """The mark in a file."""
        return Mark(**json.loads(text))

    @property
    def code_fingerprint(self) -> str:
        """Short hash of all code."""
        return short_hash(self.code)


def mark_of(job: TrainingJob, videos: list[tuple[str, int]], backbone_sha256: str) -> Mark:
    """The mark of a training of these `videos` (name, label), whose precision is what `auto` stands for."""
    machine = machine_settings(job.machine, job.method if job.protocol.validates else None)
    machine.pop("gpu")  # it goes on elsewhere
    data = [job.class_names, videos, job.tags.get("data_fingerprint"), *([job.texts] if job.texts else [])]
    settings = training_settings(job.method, job.protocol, machine, job.seed, job.flip)
    return Mark(settings, short_hash(data), backbone_sha256, job.code)


def differences(before: Mark, now: Mark) -> list[str]:
    """What differs, one phrase per part; nothing if a training may simply go on."""
    found = []
    keys = [key for key in {**before.settings, **now.settings} if _value(before, key) != _value(now, key)]
    if keys:
        told = [f"{key} was {_value(before, key)}, is {_value(now, key)}" for key in keys[:SHOWN]]
        found.append(f"other params ({_listed(told, len(keys))})")
    found += ["other data"] if before.data != now.data else []
    found += ["another backbone"] if before.backbone != now.backbone else []
    modules = sorted(name for name in {**before.code, **now.code} if before.code.get(name) != now.code.get(name))
    found += [f"other code ({_listed(modules[:SHOWN], len(modules))})"] if modules else []
    return found


def only_code_differs(before: Mark, now: Mark) -> bool:
    """Whether two marks are of one training under two versions of the code."""
    here, there = ({**asdict(mark), "code": None} for mark in (before, now))
    return json.dumps(here, sort_keys=True) == json.dumps(there, sort_keys=True) and before.code != now.code


def _value(mark: Mark, key: str) -> Any:
    """As JSON has it: a tuple is a list there."""
    return json.loads(json.dumps(mark.settings[key])) if key in mark.settings else "not there"


def _listed(shown: list[str], count: int) -> str:
    return "; ".join(shown) + (f"; and {count - len(shown)} more" if count > len(shown) else "")
