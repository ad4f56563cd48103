"""Labels of videos by a model that is not trained: the class whose text is most like a video, and how like it is.

A shard is `videos[number::shards]` of the videos that have frames, as one file that is complete or absent. One that the
same settings, code and data have made is left as it is, so that the same command goes on where it was stopped.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch

from tcclip.data.clips.testing import ViewClips
from tcclip.data.splits.split_tables import Listed, present, read_classes, read_split
from tcclip.data.videos.frames import open_frames
from tcclip.evaluation.predict import predict
from tcclip.models.backbone import Backbone
from tcclip.models.build import build
from tcclip.models.clip_video import ClipVideo
from tcclip.models.prepared import prepared
from tcclip.params import Method
from tcclip.params.protocol import CENTRE
from tcclip.params.suite import Machine
from tcclip.process import distributed
from tcclip.process.files import atomic
from tcclip.process.log import log
from tcclip.process.runtime import deterministic, keep_memory, pick_device, pick_precision

SCHEMA = pa.schema([("video", pa.string()), ("label", pa.int32()), ("cosine", pa.float64())])
MADE_BY = b"made_by"  # settings, code and data, in a file's metadata


@dataclass(frozen=True)
class LabellingJob:
    """Which videos are labelled, and by what."""

    method: Method  # not trained
    backbone: Path
    split: Path  # split table (video, label), whose labels are not looked at
    classes: Path  # class list (label, name)
    frames: Path  # frame shards of the dataset
    count: int  # frames of a video
    shards: int  # that all videos are dealt to
    out: Mapping[int, Path]  # number of a shard that is wanted -> its file
    machine: Machine
    max_missing: float  # share of the split that may lack frames
    made_by: str  # hash of settings, code and data
    seed: int = 0  # of nothing: a test with one view draws nothing
    device: str = "auto"


def label_videos(job: LabellingJob) -> str:
    """Write the shards of a job that are not there yet; returns a line for the log.

    Of several processes each computes its share of a shard's videos, and the first one writes.
    """
    todo = distributed.broadcast_object(lambda: [n for n, path in job.out.items() if not is_made(path, job.made_by)])
    there = len(job.out) - len(todo)
    if not todo:
        return f"all {there} shards are as they would be made"
    keep_memory()
    device = pick_device(job.device)
    precision = distributed.broadcast_object(lambda: pick_precision(job.machine.precision, device))
    job = dataclasses.replace(job, machine=job.machine.at(precision))
    deterministic(job.machine.threads, job.seed, gradients=False)
    backbone, names, store = Backbone.load(job.backbone), read_classes(job.classes), open_frames(job.frames)
    videos = present(read_split(job.split), store, len(names), job.split, job.max_missing).videos
    model = prepared(build(job.method, backbone, names, job.count).to(device), device, precision)
    for number in todo:
        part = [video for video, _ in videos[number :: job.shards]]
        clips = ViewClips(store, part, CENTRE, job.count, backbone.config.image_size, job.method, job.seed)
        labels, cosines = labels_of(job, model, clips, device)
        if distributed.is_main_process():
            write(job.out[number], part, labels, cosines, job.made_by)
            log(f"{job.out[number]}: {len(part)} videos")
    told = f", {there} shards were there" if there else ""
    return f"{sum(len(videos[number :: job.shards]) for number in todo)} videos labelled{told}"


def labels_of(
    job: LabellingJob, model: ClipVideo, clips: ViewClips, device: torch.device
) -> tuple[np.ndarray, np.ndarray]:
    """The class of each video's most similar text (n,), and the cosine of the two (n,)."""
    logits = predict(model, clips, job.machine, device, combine="logits")
    return best_of(logits, float(model.logit_scale.detach().double().exp()))


def best_of(logits: np.ndarray, scale: float) -> tuple[np.ndarray, np.ndarray]:
    """Of logits (n, C), the cosine times `scale`, the largest one's class and cosine."""
    labels = logits.argmax(axis=1)
    return labels, logits[np.arange(len(logits)), labels] / scale


def write(path: Path, videos: list[str], labels: np.ndarray, cosines: np.ndarray, made_by: str) -> None:
    """One row per video."""
    table = pa.table([videos, labels, cosines], schema=SCHEMA.with_metadata({MADE_BY: made_by}))
    with atomic(path) as part:
        pq.write_table(table, part)


def read(path: Path) -> list[tuple[Listed, float]]:
    """The (video, label) of a shard's rows with their cosines."""
    return [((row["video"], row["label"]), row["cosine"]) for row in pq.read_table(path).to_pylist()]


def is_made(path: Path, made_by: str) -> bool:
    """Whether a shard is there that the same settings, code and data have made."""
    return path.is_file() and (pq.read_schema(path).metadata or {}).get(MADE_BY, b"").decode() == made_by
