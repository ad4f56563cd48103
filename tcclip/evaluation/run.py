"""Evaluate one run (or an untrained method) on a list of splits in one process."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
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
from tcclip.evaluation.predict import Compared, predict_each
from tcclip.evaluation.subject import Subject, clips_of, model_of
from tcclip.evaluation.token_trace import write_trace
from tcclip.models.backbone import Backbone
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
    percent with the counts they rest on, and the code and precision that made them. `keep` leaves the evaluations that
    metrics.json already has beside the new ones. Of several processes, each predicts its share of the videos and the
    first one writes.
    """
    keep_memory()
    device, git = pick_device(subject.device), git_state()
    precision = distributed.broadcast_object(lambda: pick_precision(subject.machine.precision, device))
    subject = dataclasses.replace(subject, machine=subject.machine.at(precision))
    deterministic(subject.machine.threads, subject.seed, gradients=False)
    backbone = Backbone.load(subject.backbone)
    made_by = {"code_fingerprint": subject.code, "git": git, "precision": precision}
    results: dict[str, Any] = {}
    seen = partial(_seen, subject.method.score.of_batch)
    ordered = sorted(jobs, key=lambda job: (seen(job), str(job.classes), job.name))
    for _, same in itertools.groupby(ordered, key=seen):
        for name, result in evaluate_together(subject, list(same), backbone, device).items():
            results[name] = {**result, "made_by": made_by}
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


def _seen(alone: bool, job: EvaluationJob) -> tuple[Any, ...]:
    """Evaluations in which this is the same show a video to the same weights in the same way; alone: none do."""
    return job.last, job.we, str(job.frames), job.views.model_dump_json(), job.name if alone else ""


def evaluate_together(
    subject: Subject, jobs: Sequence[EvaluationJob], backbone: Backbone, device: torch.device
) -> dict[str, Any]:
    """Predict splits of one data set, write their predictions, and return their entries of metrics.json by name.

    The jobs differ in split and classes alone. A video of several splits goes through the vision tower once: those of
    the first split, then those of the second that are not in the first, and so on.
    """
    store, precision = open_frames(jobs[0].frames), subject.machine.precision
    names = {job.classes: read_classes(job.classes) for job in jobs}
    splits = {
        job.name: present(read_split(job.split), store, len(names[job.classes]), job.split, job.max_missing)
        for job in jobs
    }
    videos = list(dict.fromkeys(video for split in splits.values() for video, _ in split.videos))
    place = {video: number for number, video in enumerate(videos)}
    rows = {name: np.array([place[video] for video, _ in split.videos], dtype=int) for name, split in splits.items()}
    lists = []
    for classes in names:
        same = [job for job in jobs if job.classes == classes]
        texts = read_texts(same[0].texts)  # of the class list
        model = model_of(subject, backbone, names[classes], texts, same[0].we, same[0].last)
        compared = np.zeros(len(videos), dtype=bool)
        compared[np.concatenate([rows[job.name] for job in same])] = True
        lists.append(Compared(prepared(model.to(device), device, precision), compared))
    clips = clips_of(subject, store, videos, jobs[0].views, backbone.config.image_size)
    found = predict_each(lists, clips, subject.machine, device, subject.method.views.combine)
    scores = dict(zip(names, found, strict=True))
    results = {}
    for job in jobs:
        its_scores = scores[job.classes][rows[job.name]]
        its_videos = [video for video, _ in splits[job.name].videos]
        labels = np.array([label for _, label in splits[job.name].videos])
        if distributed.is_main_process():
            write_predictions(job.out, its_videos, labels, its_scores)
        if distributed.is_main_process() and subject.method.tc and subject.method.tc.trace:
            of_job = dataclasses.replace(clips, videos=its_videos)
            write_trace(job.out.with_suffix(".npz"), lists[0].model, of_job, device, precision)
        results[job.name] = entry(job, splits[job.name], its_scores, labels, names[job.classes])
        log(talk.split_line(subject.name, job.name, results[job.name]))
    return results


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
