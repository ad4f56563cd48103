"""Base and novel classes, and the lists of the base-to-novel protocol (methods.md 8.3)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tcclip.data.splits.few_shot import few_shot
from tcclip.data.splits.lists import Row
from tcclip.params.dataset import BaseNovel


def halves(train: Sequence[Row], classes: int) -> tuple[list[int], list[int]]:
    """Labels of the base and of the novel classes, each in its new order.

    Classes are sorted by the number of their training videos, the fewest first, ties in label order; the first
    floor(C / 2) are novel, the others base, and both are numbered anew from 0.
    """
    count = Counter(label for _, label in train)
    order = sorted(range(classes), key=lambda label: count[label])
    return order[classes // 2 :], order[: classes // 2]


def relabelled(rows: Sequence[Row], labels: Sequence[int]) -> list[Row]:
    """The rows whose class is one of `labels`, numbered by the place of their class there."""
    place = {label: new for new, label in enumerate(labels)}
    return [(video, place[label]) for video, label in rows if label in place]


def base_novel_lists(
    train: Sequence[Row], test: Sequence[Row], names: Sequence[str], params: BaseNovel, where: str
) -> tuple[dict[str, list[str]], dict[str, list[Row]]]:
    """Class lists `base` and `novel`; splits base_train1, base_train2, ..., base_test and novel_test.

    `where` names the training list, for the error when a base class has too few videos.
    """
    base, novel = halves(train, len(names))
    classes = {"base": [names[label] for label in base], "novel": [names[label] for label in novel]}
    pool = relabelled(train, base)
    splits = {
        f"base_train{draw}": few_shot(
            pool, params.shots, [params.seed, draw], classes["base"], f"{where}, base classes", "base_novel.shots"
        )
        for draw in range(1, params.draws + 1)
    }
    return classes, {**splits, "base_test": relabelled(test, base), "novel_test": relabelled(test, novel)}
