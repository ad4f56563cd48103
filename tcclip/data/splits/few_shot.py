"""The seeded sampler of few-shot training lists."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tcclip.data.splits.lists import Row
from tcclip.errors import UserError


def few_shot(
    rows: Sequence[Row],
    k: int,
    seed: Sequence[int],
    classes: Sequence[str] | None = None,
    where: str = "few-shot",
    key: str = "few_shot.shots",
) -> list[Row]:
    """Exactly `k` videos of every class, class by class, drawn without replacement.

    A class's draw depends on the seed, k, its label and its set of videos, not on the order of rows or on other
    classes; subsets of different k are not nested, as in the published lists. `classes` names all classes (otherwise
    those in the rows count); `where` the list and `key` the params' key, for the error when a class has fewer than `k`
    videos.
    """
    labels = range(len(classes)) if classes is not None else sorted({label for _, label in rows})
    by_label: dict[int, set[str]] = {label: set() for label in labels}
    for video, label in rows:
        by_label[label].add(video)
    drawn: list[Row] = []
    for label, videos in by_label.items():
        if len(videos) < k:
            name = classes[label] if classes is not None else label
            raise UserError(
                f"{where}: class '{name}' has {len(videos)} videos, {k} shots need {k}: "
                f"take smaller {key} in the dataset's file or complete its lists"
            )
        rng = np.random.default_rng([*seed, k, label])
        drawn += [(video, label) for video in sorted(rng.choice(sorted(videos), size=k, replace=False).tolist())]
    return drawn
