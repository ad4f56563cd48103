"""Which videos a figure shows: by their names, or by a rule over predictions (`videos` of params/figures/*.yaml)."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from tcclip.errors import UserError
from tcclip.params.figure import PaperFigure, Videos
from tcclip.plan import Plan, layout
from tcclip.reporting import gallery


@dataclass(frozen=True)
class ChosenVideo:
    """One video, and why it is shown."""

    video: str
    label: int
    why: str  # its place among those of its entry


@dataclass(frozen=True)
class Choice:
    """What one entry of `videos` gives."""

    about: str  # the rule in words, without a full stop
    videos: list[ChosenVideo] = field(default_factory=list)  # none where no video is as the rule wants


def choices(plan: Plan, figure: PaperFigure) -> list[Choice]:
    """The videos of a figure, from the predictions of its runs; UserError if a named one is not in the split."""
    return [_by_rule(plan, figure, entry) if entry.right else _by_name(plan, figure, entry) for entry in figure.videos]


def ranked(ours: pd.DataFrame, theirs: pd.DataFrame | None, order: str) -> pd.DataFrame:
    """Videos that are right in `ours` and wrong in `theirs`, if that is given: columns video, label, margin.

    Args:
        ours: predictions as `gallery.predictions` gives them.
        theirs: those of another run on the same videos.
        order: margin: those of the largest margin first, equal ones by name; listed: as in `ours`.
    """
    if theirs is None:
        right = ours[[int(best[0]) == label for best, label in zip(ours["top5_classes"], ours["label"], strict=True)]]
        margins = [float(scores[0]) - float(scores[1]) for scores in right["top5_scores"]]
        found = right[["video", "label"]].assign(margin=margins)
        found = found.sort_values(["margin", "video"], ascending=[False, True], ignore_index=True)
    else:
        found = gallery.chosen(ours, theirs, len(ours))[["video", "label", "margin"]]
    if order == "margin":
        return found
    places = {video: place for place, video in enumerate(ours["video"])}
    return found.sort_values("video", key=lambda videos: videos.map(places), ignore_index=True)


def _by_rule(plan: Plan, figure: PaperFigure, entry: Videos) -> Choice:
    evaluations = [plan.plain_evaluation(run, figure.dataset, figure.split) for run in entry.runs]
    ours, *others = gallery.alike(plan, evaluations)
    found = ranked(ours, others[0] if others else None, entry.order)
    wrong = f", wrong with {entry.wrong}" if entry.wrong else ""
    tested = f"Over all views of test {evaluations[0].name} right with {entry.right}{wrong}"
    about = f"{tested}: {len(found)} of N = {len(ours)} videos"
    order = "by margin" if entry.order == "margin" else "in the list"
    videos = [
        ChosenVideo(str(line.video), int(line.label), f"no. {number} {order}, margin {line.margin:.2f}")
        for number, line in enumerate(found.head(entry.count).itertuples(index=False), 1)
    ]
    return Choice(about, videos)


def _by_name(plan: Plan, figure: PaperFigure, entry: Videos) -> Choice:
    from tcclip.data.splits.split_tables import read_split

    path = layout.split(plan.dataset(figure.dataset).name, figure.split)
    labels = dict(read_split(path))
    names = entry.ids.get(plan.suite.name, [])
    if absent := [name for name in names if name not in labels]:
        raise UserError(f"params/figures/{figure.name}.yaml: video '{absent[0]}' is not listed in {path}")
    about = f"Named in params/figures/{figure.name}.yaml"
    return Choice(about, [ChosenVideo(name, labels[name], f"no. {number}") for number, name in enumerate(names, 1)])
