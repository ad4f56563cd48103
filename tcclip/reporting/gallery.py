"""Videos that one method gets right and another wrong, as strips of frames, by the rule of params/gallery.yaml."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tcclip.errors import UserError
from tcclip.params import load_method
from tcclip.params.gallery import Gallery
from tcclip.plan import Evaluation, Plan, layout
from tcclip.reporting.results import class_names, labels

if TYPE_CHECKING:
    from tcclip.data.videos.frames import FrameSource


@dataclass(frozen=True)
class Strip:
    """One video: what two methods say of it, and its frames as data URIs; without frames where they are not there."""

    video: str
    label: str  # its class
    said: str  # the class that the wrong method says
    right_score: float  # of the method that is right for the true class
    said_score: float  # of the other one for what it says
    true_score: str  # of the other one for the true class
    frames: list[str]
    height: int


@dataclass(frozen=True)
class ComparedStrips:
    """The strips of a pair of methods on a dataset."""

    role: str
    about: str
    right: str
    wrong: str
    strips: list[Strip]


def galleries(plan: Plan, gallery: Gallery, evaluations: dict[str, list[Evaluation]]) -> list[ComparedStrips]:
    """The strips of every dataset and pair with predictions of both methods, among `evaluations` by dataset."""
    for method in {name for pair in gallery.pairs for name in pair}:
        load_method(method)  # a name that is misspelt
    found = []
    for role, of_dataset in evaluations.items():
        by_method = {plan.run(evaluation.run).method: evaluation for evaluation in of_dataset}
        for right, wrong in gallery.pairs:
            if right in by_method and wrong in by_method:
                found += _compared(plan, gallery, role, by_method[right], by_method[wrong])
    return found


def chosen(right: pd.DataFrame, wrong: pd.DataFrame, count: int) -> pd.DataFrame:
    """The `count` videos of the largest margin among those that `right` gets right and `wrong` wrong.

    Args:
        right: predictions: video, label, top5_classes and top5_scores, best first.
        wrong: those of the other method on the same videos.

    Returns:
        Columns video, label, said (label), right_score, said_score, true_score (NaN where the true class is not among
        the five best of the wrong method), margin. Equal margins are sorted by video.
    """
    lines = []
    theirs = wrong.set_index("video")
    for ours in right.itertuples(index=False):
        if ours.top5_classes[0] != ours.label or ours.video not in theirs.index:
            continue
        other = theirs.loc[ours.video]
        classes, scores = list(other["top5_classes"]), list(map(float, other["top5_scores"]))
        if classes[0] == ours.label:
            continue
        true = scores[classes.index(ours.label)] if ours.label in classes else float("nan")
        score = float(ours.top5_scores[0])
        margin = score - (scores[-1] if np.isnan(true) else true)
        lines.append([ours.video, int(ours.label), int(classes[0]), score, scores[0], true, margin])
    names = ["video", "label", "said", "right_score", "said_score", "true_score", "margin"]
    frame = pd.DataFrame(lines, columns=names)
    return frame.sort_values(["margin", "video"], ascending=[False, True], ignore_index=True).head(count)


def frames_of(store: FrameSource, video: str, gallery: Gallery) -> list[str]:
    """A video's frames as data URIs of small JPEGs, evenly from the first to the last."""
    last = store.frames(video) - 1
    indices = np.linspace(0, last, min(gallery.frames, last + 1)).round().astype(np.int64)
    return [_jpeg(picture, gallery) for picture in store.read(video, indices)]


def _compared(plan: Plan, gallery: Gallery, role: str, right: Evaluation, wrong: Evaluation) -> list[ComparedStrips]:
    paths = [layout.predictions(plan.suite.name, each.run, each.name) for each in (right, wrong)]
    names = class_names(plan, role, right.split)
    if not names or not all(path.is_file() for path in paths):
        return []
    ours, theirs = alike(plan, [right, wrong])
    videos = chosen(ours, theirs, gallery.videos)
    store = _store(plan.dataset(role).name)
    shown = labels(plan)
    methods = [shown[plan.run(each.run).method] for each in (right, wrong)]
    about = f"{right.name}: right with {right.run}, wrong with {wrong.run}, of {len(ours)} videos"
    strips = [_strip(line, names, store, gallery) for line in videos.itertuples(index=False)]
    return [ComparedStrips(role, about, methods[0], methods[1], strips)]


def predictions(plan: Plan, evaluation: Evaluation) -> pd.DataFrame:
    """Of every video the five best classes, with scores that are means over its views, not sums."""
    path = layout.predictions(plan.suite.name, evaluation.run, evaluation.name)
    found = pd.read_parquet(path, columns=["video", "label", "top5_classes", "top5_scores"])
    views = evaluation.views.count
    return found.assign(top5_scores=[np.asarray(scores) / views for scores in found["top5_scores"]])


def alike(plan: Plan, evaluations: Sequence[Evaluation]) -> list[pd.DataFrame]:
    """`predictions` of several evaluations, with scores of one kind.

    Where some methods sum probabilities over views and others logits, logits become probabilities among the five best
    classes, which are all that is kept of them.
    """
    found = [predictions(plan, each) for each in evaluations]
    kinds = [plan.method(plan.run(each.run).method).views.combine for each in evaluations]
    if len(set(kinds)) == 1:
        return found
    return [
        frame.assign(top5_scores=[_shares(scores) for scores in frame["top5_scores"]]) if kind == "logits" else frame
        for frame, kind in zip(found, kinds, strict=True)
    ]


def _shares(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """The softmax of logits, which are the best ones first."""
    each: NDArray[np.float64] = np.exp(logits - logits[0])
    return np.asarray(each / each.sum())


def _strip(line: Any, names: Sequence[str], store: FrameSource | None, gallery: Gallery) -> Strip:
    try:
        frames = frames_of(store, line.video, gallery) if store else []
    except (UserError, OSError):  # not on this machine
        frames = []
    true = "not among its five best" if np.isnan(line.true_score) else f"{line.true_score:.2f}"
    scores = (line.right_score, line.said_score)
    return Strip(line.video, names[line.label], names[line.said], *scores, true, frames, gallery.height)


def _store(dataset: str) -> FrameSource | None:
    from tcclip.data.videos.frames import open_frames

    folder: Path = layout.frames(dataset)
    return open_frames(folder) if layout.frames_index(dataset).is_file() else None


def _jpeg(picture: NDArray[np.uint8], gallery: Gallery) -> str:
    import simplejpeg

    from tcclip.data.resizing import resize

    width = max(1, round(picture.shape[1] * gallery.height / picture.shape[0]))
    small = np.ascontiguousarray(resize(picture, gallery.height, width, "smooth"))
    data = simplejpeg.encode_jpeg(small, quality=gallery.quality, colorspace="RGB", colorsubsampling="420")
    return f"data:image/jpeg;base64,{base64.b64encode(data).decode()}"
