"""One training with everything resolved: no name is looked up and no path is built after this."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tcclip.params import Method, Protocol
from tcclip.params.suite import Machine
from tcclip.params.texts import OutsideTexts

# Of the machine; the rest says what a job asks of a cluster, which its result knows nothing of.
KEPT = {"threads", "loader_workers", "precision", "eval_batch", "checkpoint"}


@dataclass(frozen=True)
class TrainingJob:
    """What `tcclip.training.loop.train` needs."""

    name: str  # the run's name
    method: Method
    protocol: Protocol
    seed: int
    class_names: tuple[str, ...]  # of training and validation, in label order
    train_list: Path  # split table (video, label)
    validation_list: Path
    frames: Path  # frame shards of the dataset
    backbone: Path  # weights.safetensors, tokens.json, backbone.json
    folder: Path  # the run's folder
    flip: bool  # may clips of this dataset be mirrored?
    machine: Machine
    initial: Path | None = None  # weights of the run it starts from; None: the backbone's
    max_missing: float = 0.02  # share of a split that may lack frames
    device: str = "auto"
    keep_state: bool = False  # leave the resume state when the training is done: its outputs can be had from it again
    save_seconds: float = 5.0  # resume state: not more often than this
    restart: bool = False  # begin anew where the resume state is of other params, data or code
    across_code: bool = False  # go on where it is of other code only
    code: Mapping[str, str] = field(default_factory=dict)  # module -> hash: what the weights depend on
    made_by: str = ""  # fingerprint of params and code; the run's folder keeps it
    texts: OutsideTexts = field(default_factory=dict)  # from outside, of the classes and videos, by kind
    tags: Mapping[str, Any] = field(default_factory=dict)  # suite, dataset, shots, ...; kept with the run's params


def resolved_params(job: TrainingJob) -> dict[str, Any]:
    """The content of params.yaml: every value the run was made with."""
    return {
        "run": job.name,
        **job.tags,
        "seed": job.seed,
        "method": job.method.model_dump(mode="json"),
        "protocol": job.protocol.model_dump(mode="json"),
        "data": {
            "classes": len(job.class_names),
            "train_list": str(job.train_list),
            "validation_list": str(job.validation_list),
            "frames": str(job.frames),
            "backbone": str(job.backbone),
            "initial": str(job.initial or job.backbone),
            "flip": job.flip,
            "max_missing": job.max_missing,
        },
        "machine": job.machine.model_dump(mode="json", include=KEPT),
    }
