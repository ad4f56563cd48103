"""What an evaluation of a split writes: its predictions, and its entry of metrics.json."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tcclip.data.splits.split_tables import Present
from tcclip.evaluation.job import EvaluationJob
from tcclip.evaluation.metrics import TOP, accuracy, per_class, ranked
from tcclip.process.files import atomic


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
