"""What is asked of an evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tcclip.params.protocol import Views
from tcclip.params.texts import TextKind


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
