"""How an evaluation in half precision agrees with float32, and with itself when repeated; nothing is written."""

from __future__ import annotations

import dataclasses
from typing import Literal, NamedTuple

import numpy as np
import torch

from tcclip.data.splits.split_tables import present, read_classes, read_split
from tcclip.data.texts.checked_texts import read_texts
from tcclip.data.videos.frames import open_frames
from tcclip.evaluation.job import EvaluationJob
from tcclip.evaluation.metrics import accuracy
from tcclip.evaluation.predict import predict
from tcclip.evaluation.subject import Subject, clips_of, model_of
from tcclip.models.backbone import Backbone
from tcclip.models.clip_video import ClipVideo
from tcclip.models.prepared import prepared


class Agreement(NamedTuple):
    """An evaluation in float32 and in another precision."""

    evaluation: str
    videos: int
    top1: tuple[float, float]  # percent, of float32 and of the other
    same: int  # videos whose best class is the same
    most: float  # the most that a score differs, per view
    repeats: bool  # a second pass of the other has the scores of the first, bit for bit


def agreement(subject: Subject, job: EvaluationJob, precision: Literal["bf16", "fp16"]) -> Agreement:
    """An evaluation of `subject` on the CPU in float32 and twice in `precision`; each has its model built anew."""
    names, store, backbone = read_classes(job.classes), open_frames(job.frames), Backbone.load(subject.backbone)
    listed = present(read_split(job.split), store, len(names), job.split, job.max_missing).videos
    videos, labels = [video for video, _ in listed], np.array([label for _, label in listed])
    clips = clips_of(subject, store, videos, job.views, backbone.config.image_size)
    device, texts = torch.device("cpu"), read_texts(job.texts)

    def scores(chosen: Literal["fp32", "bf16", "fp16"]) -> np.ndarray:
        its = dataclasses.replace(subject, machine=subject.machine.at(chosen))
        model: ClipVideo = prepared(model_of(its, backbone, names, texts, job.we, job.last), device, chosen)
        return predict(model, clips, its.machine, device, its.method.views.combine)

    whole, half, again = scores("fp32"), scores(precision), scores(precision)
    return Agreement(
        evaluation=job.name,
        videos=len(videos),
        top1=(accuracy(whole, labels), accuracy(half, labels)),
        same=int((whole.argmax(axis=1) == half.argmax(axis=1)).sum()),
        most=float(np.abs(whole - half).max() / job.views.count),
        repeats=bool(np.array_equal(half, again)),
    )
