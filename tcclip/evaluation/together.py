"""Evaluate splits of one data set by the same weights: a video of several splits goes through the vision tower once."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from tcclip.data.splits.split_tables import Present, present, read_classes, read_split
from tcclip.data.texts.checked_texts import read_texts
from tcclip.data.videos.frames import FrameSource, open_frames
from tcclip.evaluation import talk
from tcclip.evaluation.job import EvaluationJob
from tcclip.evaluation.predict import ComparedVideos, predict_each
from tcclip.evaluation.subject import Subject, clips_of, model_of
from tcclip.evaluation.written import entry, write_predictions
from tcclip.models.backbone import Backbone
from tcclip.models.clip_video import ClipVideo
from tcclip.models.prepared import prepared
from tcclip.process import distributed
from tcclip.process.log import log


class Tested(NamedTuple):
    """A split as it is evaluated."""

    job: EvaluationJob
    names: tuple[str, ...]  # of its classes
    split: Present  # its videos that have frames

    @property
    def videos(self) -> list[str]:
        """In the order of the list."""
        return [video for video, _ in self.split.videos]


def evaluate_data_set(
    subject: Subject, jobs: Sequence[EvaluationJob], backbone: Backbone, device: torch.device
) -> dict[str, Any]:
    """Evaluate jobs of one data set and the same weights; their entries of metrics.json by name.

    There is a model for each class list, and one vision tower for all.
    """
    store = open_frames(jobs[0].frames)
    tested = [_read(job, store) for job in jobs]
    models = models_of(subject, tested, backbone, device)
    results: dict[str, Any] = {}
    for _, same in itertools.groupby(sorted(tested, key=_views), key=_views):
        for part in sharing(list(same), alone=subject.method.score.of_batch):
            results |= evaluate_together(subject, part, models, store, backbone.config.image_size, device)
    return results


def _read(job: EvaluationJob, store: FrameSource) -> Tested:
    names = read_classes(job.classes)
    return Tested(job, names, present(read_split(job.split), store, len(names), job.split, job.max_missing))


def _views(one: Tested) -> str:
    return one.job.views.model_dump_json()


def models_of(
    subject: Subject, tested: Sequence[Tested], backbone: Backbone, device: torch.device
) -> dict[Path, ClipVideo]:
    """A model on `device` for the classes of each list, with the weights that the jobs ask for."""
    models: dict[Path, ClipVideo] = {}
    for job, names, _ in tested:
        if job.classes in models:
            continue
        texts = read_texts(job.texts)  # of the class list
        model = model_of(subject, backbone, names, texts, job.we, job.last).to(device)
        model = prepared(model, device, subject.machine.precision)
        if models:  # its vision tower has the same weights
            model.visual = next(iter(models.values())).visual
        models[job.classes] = model
    return models


def sharing(tested: Sequence[Tested], alone: bool) -> Iterator[list[Tested]]:
    """The splits, those together that share a video with each other or with a third; alone: every one by itself."""
    left = list(tested)
    while left:
        part, found = [left.pop(0)], not alone
        while found:
            videos = set(itertools.chain.from_iterable(one.videos for one in part))
            apart = [videos.isdisjoint(one.videos) for one in left]
            part += [one for one, is_apart in zip(left, apart, strict=True) if not is_apart]
            left = [one for one, is_apart in zip(left, apart, strict=True) if is_apart]
            found = not all(apart)
        yield part


def evaluate_together(
    subject: Subject,
    tested: Sequence[Tested],
    models: Mapping[Path, ClipVideo],
    store: FrameSource,
    size: int,
    device: torch.device,
) -> dict[str, Any]:
    """Predict splits with the same views, write their predictions, and return their entries of metrics.json by name.

    Videos are seen in the order of the first split, then those of the second that are not in the first, and so on.
    size: of a clip's side, pixels.
    """
    videos = list(dict.fromkeys(video for one in tested for video in one.videos))
    place = {video: number for number, video in enumerate(videos)}
    rows = [np.array([place[video] for video in one.videos], dtype=int) for one in tested]
    compared = {one.job.classes: np.zeros(len(videos), dtype=bool) for one in tested}
    for one, its_rows in zip(tested, rows, strict=True):
        compared[one.job.classes][its_rows] = True
    lists = [ComparedVideos(models[classes], which) for classes, which in compared.items()]
    clips = clips_of(subject, store, videos, tested[0].job.views, size)
    found = predict_each(lists, clips, subject.machine, device, subject.method.views.combine)
    scores, results = dict(zip(compared, found, strict=True)), {}
    for one, its_rows in zip(tested, rows, strict=True):
        job, its_scores = one.job, scores[one.job.classes][its_rows]
        labels = np.array([label for _, label in one.split.videos])
        if distributed.is_main_process():
            write_predictions(job.out, one.videos, labels, its_scores)
        results[job.name] = entry(job, one.split, its_scores, labels, one.names)
        log(talk.split_line(subject.name, job.name, results[job.name]))
    return results
