"""Models for predictions in the tiny world: made as those of a checkout are, without one."""

from __future__ import annotations

import dataclasses
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from safetensors.torch import save_file
from tiny_world import CLASSES, CONFIG, evaluation, machine

from tcclip.data.splits.split_tables import read_split
from tcclip.evaluation import EvaluationJob, Subject
from tcclip.evaluation.subject import model_of
from tcclip.models import Backbone, build, canonical_state
from tcclip.params import Method, load_method
from tcclip.params.dataset import Frames
from tcclip.params.texts import NONE, OutsideTexts
from tcclip.prediction import Prediction
from tcclip.prediction.exporting import Facts
from tcclip.prediction.source import Classes, Set, Source, VideoReading

FRAMES = Frames(store="online", short_side=32, jpeg_quality=90, shards=1, decode_timeout_s=20)
READING = VideoReading(FRAMES, "ucf101")
TINY_TC: dict[str, Any] = {"tc.k": 4, "tc.alpha": 0.25}
METRICS = {"top1": 50.0, "top5": 100.0, "n_videos": 7, "listed": 7, "classes": 3, "we": False}


def subject_of(world: Path, method: Method, run: str = "run", texts: OutsideTexts = NONE) -> Subject:
    """A run whose weights are CLIP's and its parts' first values, all a little shaken."""
    folder = world / "runs" / run
    folder.mkdir(parents=True, exist_ok=True)
    stream = torch.Generator().manual_seed(1)
    state = canonical_state(build(method, Backbone.load(world / "backbone"), CLASSES, 4, texts=texts))
    shaken = {name: value + 0.05 * torch.randn(value.shape, generator=stream) for name, value in state.items()}
    save_file(shaken, folder / "weights.safetensors")
    (folder / "training.json").write_text("{}")
    belongs = method.on_other_classes() is not method
    own = world / "splits" / "classes" / "all.csv" if belongs else None
    return Subject(
        run, method, world / "backbone", folder / "weights.safetensors", folder, 4, 5, machine(), "", "cpu", own
    )


def source_of(
    world: Path,
    subject: Subject,
    texts: OutsideTexts = NONE,
    frames: Path | None = None,
    reading: VideoReading = READING,
) -> Source:
    """`subject` with the world's classes, and its frames as those of dataset `tiny`."""
    own = Classes(CLASSES, texts)
    (test,) = evaluation(world, subject.name)[1]
    facts = Facts("tiny", CONFIG, "random", "few_shot", "", "noise (tiny, split train)", None, True, False)
    facts = dataclasses.replace(facts, evaluations={"test": {**METRICS, "views": test.views.model_dump()}})

    def dataset(role: str, split: str | None) -> Set:
        listed = read_split(world / "splits" / f"{split}.csv") if split else []
        return Set(own, frames or world / "frames", reading, tuple(video for video, _ in listed))

    backbone = Backbone.load(world / "backbone")
    return Source(
        subject=subject,
        views=test.views,
        size=CONFIG.image_size,
        reading=reading,
        tokens=backbone.tokens,
        build=partial(model_of, subject, backbone),
        own=lambda: own,
        dataset=dataset,
        facts=lambda: facts,
    )


def evaluated(world: Path, subject: Subject, **changes: Any) -> EvaluationJob:
    """An evaluation of `subject` on the test split."""
    (test,) = evaluation(world, subject.name)[1]
    return dataclasses.replace(test, **changes)


def told(found: list[Prediction]) -> list[tuple[str, list[int], list[float]]]:
    """Videos with their classes and scores."""
    return [(video.video, list(video.labels), list(video.scores)) for video in found]


def written(parquet: Path) -> list[tuple[str, list[int], list[float]]]:
    """The same as an evaluation wrote it."""
    table = pd.read_parquet(parquet)
    rows = zip(table["video"], table["top5_classes"], table["top5_scores"], strict=True)
    return [(video, np.asarray(labels).tolist(), np.asarray(scores).tolist()) for video, labels, scores in rows]


def tiny(name: str) -> Method:
    """A method for the tiny world."""
    return load_method(name, TINY_TC if name == "tc_clip" else {})
