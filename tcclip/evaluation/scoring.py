"""Scores of videos by a subject's rules: what an evaluation and a prediction are computed by."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from tcclip.data.clips.testing import ViewClips
from tcclip.data.videos.frames import FrameSource
from tcclip.evaluation.predict import predict
from tcclip.evaluation.subject import Subject
from tcclip.models.clip_video import ClipVideo
from tcclip.params.protocol import Views


def clips_of(subject: Subject, store: FrameSource, videos: list[str], views: Views, size: int) -> ViewClips:
    """All views of videos of `store` as the subject sees them: its frames, sampling, crops and pixel statistics.

    size: of a clip's side, pixels.
    """
    return ViewClips(store, videos, views, subject.frames, size, subject.method, subject.seed)


def scores_of(
    subject: Subject,
    model: ClipVideo,
    clips: ViewClips,
    classes: int,
    device: torch.device,
    before_batch: Callable[[], None] = lambda: None,
) -> np.ndarray:
    """Scores (videos, classes) float64 by the subject's batches, precision and way to combine views.

    `model` is on `device`; `before_batch` is called before every forward pass.
    """
    return predict(
        model,
        clips,
        classes=classes,
        batch=subject.machine.eval_batch,
        workers=subject.machine.loader_workers,
        device=device,
        precision=subject.machine.precision,
        combine=subject.method.views.combine,
        before_batch=before_batch,
    )
