"""From a video's numbers to what is said of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tcclip.evaluation.metrics import ranked
from tcclip.params.protocol import Views
from tcclip.prediction.long_lists import VideoOutcome
from tcclip.prediction.naming import NamedVideo
from tcclip.prediction.result import Prediction


def said(
    video: NamedVideo, row: VideoOutcome, names: Sequence[str], views: Views, combine: str, top: int | None
) -> Prediction:
    """The `top` classes (None: all) of a video by its numbers, which are sums over views; or why it has none."""
    if row.numbers is None:
        return Prediction(video.shown, defect=row.defect)
    best = ranked(row.numbers[None], top or len(names))[0]
    mean = row.numbers / views.count
    if combine != "probabilities":
        mean = np.exp(mean - mean.max())
        mean /= mean.sum()
    return Prediction(
        video=video.shown,
        classes=tuple(names[label] for label in best),
        labels=tuple(best.tolist()),
        scores=tuple(row.numbers[best].tolist()),
        probabilities=tuple(mean[best].tolist()),
        defect=row.defect,
    )
