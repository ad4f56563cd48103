"""Evaluate one run (or an untrained method) on a list of splits in one process."""

from __future__ import annotations

import dataclasses
import itertools
import os
from collections.abc import Sequence
from typing import Any

from tcclip.errors import UserError
from tcclip.evaluation import talk
from tcclip.evaluation.job import EvaluationJob
from tcclip.evaluation.subject import Subject
from tcclip.evaluation.together import evaluate_data_set
from tcclip.models.backbone import Backbone
from tcclip.process import distributed
from tcclip.process.environment import environment, git_state
from tcclip.process.files import read_json, write_json
from tcclip.process.runtime import deterministic, keep_memory, pick_device, pick_precision


def evaluate(subject: Subject, jobs: Sequence[EvaluationJob], keep: bool = False) -> str:
    """Write the predictions of every job and, last, `folder`/metrics.json; returns a line for the log.

    metrics.json holds what the training reported (null for an untrained method) and, by evaluation, top-1 and top-5 in
    percent with the counts they rest on, and the code and precision that made them. `keep` leaves what metrics.json
    already has of the same weights beside the new ones, and its time: what rests on those is as it was, and weights
    that are newer are as untested as they were. Of several processes, each predicts its share of the videos and the
    first one writes.
    """
    keep_memory()
    device, git = pick_device(subject.device), git_state()
    precision = distributed.broadcast_object(lambda: pick_precision(subject.machine.precision, device))
    subject = dataclasses.replace(subject, machine=subject.machine.at(precision))
    deterministic(subject.machine.threads, subject.seed, gradients=False)
    training, backbone = training_of(subject), Backbone.load(subject.backbone)
    made_by = {"fingerprint": subject.made_by, "code_fingerprint": subject.code, "git": git, "precision": precision}
    results: dict[str, Any] = {}
    ordered = sorted(jobs, key=lambda job: (*_same_weights(job), str(job.classes), job.name))
    for _, same in itertools.groupby(ordered, key=_same_weights):
        for name, result in evaluate_data_set(subject, list(same), backbone, device).items():
            results[name] = {**result, "made_by": made_by}
    results = {name: results[name] for name in sorted(results)}
    if not distributed.is_main_process():
        return ""
    if training is None:  # a trained run's is its training's
        write_json(subject.folder / "environment.json", environment(device, git))
    _write(subject, training, results, keep)
    return talk.result_line(results)


def training_of(subject: Subject) -> Any:
    """What the training of the subject's weights reported; None for an untrained method.

    UserError where it is not there or cut off, and before all videos are predicted, because it is written last: so the
    weights beside it need not be those of the run.
    """
    if subject.weights is None or not subject.weights.is_file():  # which the model says
        return None
    path, run = subject.weights.with_name("training.json"), subject.weights.parent.name
    if not path.is_file():
        raise UserError(f"{path} is not there: `tcclip train {run}` makes it")
    return read_json(path, f"`tcclip train {run}` makes it again")


def _write(subject: Subject, training: Any, results: dict[str, Any], keep: bool) -> None:
    path = subject.folder / "metrics.json"
    old = path.stat() if keep and path.is_file() else None
    before = read_json(path, f"rm '{path}', and `tcclip evaluate {subject.name}` makes it again") if old else {}
    known = before["evaluations"] if old and before.get("training", training) == training else {}
    write_json(path, {"run": subject.name, "training": training, "evaluations": {**known, **results}})
    if old:
        os.utime(path, ns=(old.st_atime_ns, old.st_mtime_ns))


def _same_weights(job: EvaluationJob) -> tuple[bool, bool, str]:
    """Evaluations in which this is the same are of the same weights and data set."""
    return job.last, job.we, str(job.frames)
