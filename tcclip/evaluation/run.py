"""Evaluate one run (or an untrained method) on a list of splits in one process."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from tcclip.data.splits.split_tables import Present, present, read_classes, read_split
from tcclip.data.texts.checked import read_texts
from tcclip.data.videos.frames import open_frames
from tcclip.evaluation import talk
from tcclip.evaluation.metrics import TOP, accuracy, per_class, ranked
from tcclip.evaluation.scoring import clips_of, scores_of
from tcclip.evaluation.subject import Subject, model_of
from tcclip.evaluation.token_trace import write_trace
from tcclip.models.backbone import Backbone
from tcclip.models.clip_video import ClipVideo
from tcclip.models.prepared import prepared
from tcclip.params.protocol import Views
from tcclip.params.texts import TextKind
from tcclip.process import distributed
from tcclip.process.environment import environment, git_state
from tcclip.process.files import atomic, read_json, write_json
from tcclip.process.log import log
from tcclip.process.runtime import deterministic, keep_memory, pick_device, pick_precision


@dataclass(frozen=True)
class EvaluationJob:
    """One split, one set of views, with or without weight-space ensembling."""

    name: str
    split: Path  # split table (video, label)
    classes: Path  # class list (label, name)
    frames: Path  # frame shards of the dataset
    we: bool  # mix the run's weights with CLIP's
    views: Views
    out: Path  # predictions (parquet)
    max_missing: float = 0.02  # share of the split that may lack frames
    last: bool = False  # with the last epoch's weights, where the run's are the best epoch's
    texts: Mapping[TextKind, Path] = field(default_factory=dict)  # kind -> checked texts from outside of the classes


def evaluate(subject: Subject, jobs: Sequence[EvaluationJob], keep: bool = False) -> str:
    """Write the predictions of every job and, last, `folder`/metrics.json; returns a line for the log.

    metrics.json holds what the training reported (null for an untrained method) and, by evaluation, top-1 and top-5 in
    percent with the counts they rest on, and the code and precision that made them. One model is built for each kind
    of weights and class list. `keep` leaves the evaluations that metrics.json already has beside the new ones. Of
    several processes, each predicts its share of the videos and the first one writes.
    """
    keep_memory()
    device, git = pick_device(subject.device), git_state()
    precision = distributed.broadcast_object(lambda: pick_precision(subject.machine.precision, device))
    subject = dataclasses.replace(subject, machine=subject.machine.at(precision))
    deterministic(subject.machine.threads, subject.seed, gradients=False)
    backbone = Backbone.load(subject.backbone)
    results: dict[str, Any] = {}
    ordered = sorted(jobs, key=lambda job: (job.last, str(job.classes), job.we, job.name))
    for (last, classes, we), same in itertools.groupby(ordered, key=lambda job: (job.last, job.classes, job.we)):
        group = list(same)
        names = read_classes(classes)
        texts = read_texts(group[0].texts)  # of the class list
        model = prepared(model_of(subject, backbone, names, texts, we, last).to(device), device, precision)
        for job in group:
            result = evaluate_one(subject, job, model, names, backbone.config.image_size, device)
            made_by = {"code_fingerprint": subject.code, "git": git, "precision": precision}
            results[job.name] = {**result, "made_by": made_by}
    results = {name: results[name] for name in sorted(results)}
    training = read_json(subject.weights.with_name("training.json")) if subject.weights else None
    if not distributed.is_main_process():
        return ""
    if training is None:  # a trained run's is its training's
        write_json(subject.folder / "environment.json", environment(device, git))
    there = subject.folder / "metrics.json"
    known = read_json(there)["evaluations"] if keep and there.is_file() else {}
    write_json(there, {"run": subject.name, "training": training, "evaluations": {**known, **results}})
    return talk.result_line(results)


def evaluate_one(
    subject: Subject,
    job: EvaluationJob,
    model: ClipVideo,
    names: tuple[str, ...],
    size: int,
    device: torch.device,
) -> dict[str, Any]:
    """Predict one split, write its predictions, and return its entry of metrics.json."""
    store = open_frames(job.frames)
    split = present(read_split(job.split), store, len(names), job.split, job.max_missing)
    videos = [video for video, _ in split.videos]
    labels = np.array([label for _, label in split.videos])
    clips = clips_of(subject, store, videos, job.views, size)
    scores = scores_of(subject, model, clips, len(names), device)
    if distributed.is_main_process():
        write_predictions(job.out, videos, labels, scores)
    if distributed.is_main_process() and subject.method.tc and subject.method.tc.trace:
        write_trace(job.out.with_suffix(".npz"), model, clips, device, subject.machine.precision)
    result = entry(job, split, scores, labels, names)
    log(talk.split_line(subject.name, job.name, result))
    return result


def entry(
    job: EvaluationJob, split: Present, scores: np.ndarray, labels: np.ndarray, names: tuple[str, ...]
) -> dict[str, Any]:
    """One evaluation's numbers; accuracies in percent over the videos that could be read."""
    return {
        "top1": accuracy(scores, labels),
        "top5": accuracy(scores, labels, TOP),
        "n_videos": len(labels),
        "listed": split.listed,
        "broken": split.broken,
        "missing": split.missing,
        "classes": len(names),
        "we": job.we,
        "last": job.last,
        "views": job.views.model_dump(),
        "per_class": per_class(scores, labels, names),
    }


def write_predictions(path: Path, videos: list[str], labels: np.ndarray, scores: np.ndarray) -> None:
    """One row per video: label, its best classes and their scores, best first, and whether top-1 and top-5 are right.

    A score is the sum over views of the class's probability, or of its logit if the method says so.
    """
    best = ranked(scores)
    table = pd.DataFrame(
        {
            "video": videos,
            "label": labels,
            "top5_classes": list(best),
            "top5_scores": list(np.take_along_axis(scores, best, axis=1)),
            "correct1": best[:, 0] == labels,
            "correct5": (best == labels[:, None]).any(axis=1),
        }
    )
    with atomic(path) as part:
        table.to_parquet(part, index=False)
