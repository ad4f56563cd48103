"""A world small enough to train in a second: noise videos whose colour is their class, a random CLIP, one job."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import simplejpeg
import torch
from safetensors.torch import load_file

from tcclip.data.splits.split_tables import read_classes
from tcclip.data.videos.frame_tar import FrameTar
from tcclip.evaluation import EvaluationJob, Subject
from tcclip.models import Backbone, BackboneConfig
from tcclip.models.class_texts import class_prompts
from tcclip.params import Method, Protocol, load_method
from tcclip.params.protocol import Views
from tcclip.params.suite import Machine
from tcclip.training import TrainingJob

CLASSES = ("red ball", "green star", "blue square")
SYSTEMS = (
    "x_clip",
    "vita_clip",
    "open_vclip",
    "maxi",
)  # compared systems that are methods: each trains as the paper's own does
WORDS = {  # texts from outside, for methods that need them; a class and some captions have no word
    "class_words": {
        CLASSES[0]: ("roll", "rolling", "bounce"),
        CLASSES[1]: ("shine", "twinkle at night"),
        CLASSES[2]: (),
    },
    "video_words": {
        f"train{number}": [("sit", "red ball", "red"), ("sit", "shine"), ("blue square",) * (number % 2)][number % 3]
        for number in range(40)
    },
}
COLOURS = np.array([[200, 40, 40], [40, 200, 40], [40, 40, 200]])
CONFIG = BackboneConfig(32, 8, 32, 2, 2, 32, 2, 2, 32)


def make_world(folder: Path, train: int = 13, test: int = 7, broken: tuple[str, ...] = ()) -> Path:
    """Frames, splits and backbone below `folder`; the training split has `train` videos, the test split `test`."""
    names = [f"train{i}" for i in range(train)] + [f"test{i}" for i in range(test)]
    write_frames(folder / "frames", names, broken)
    (folder / "splits" / "classes").mkdir(parents=True)
    (folder / "splits" / "classes" / "all.csv").write_text(
        "label,name\n" + "".join(f"{label},{name}\n" for label, name in enumerate(CLASSES))
    )
    for split in ("train", "test"):
        rows = "".join(f"{name},{label_of(name)}\n" for name in names if name.startswith(split))
        (folder / "splits" / f"{split}.csv").write_text("video,label\n" + rows)
    backbone = Backbone.random(CONFIG, seed=3)
    tokens = {
        f"a photo of a {name}.": [49406, 320, 1125, 539, 320, 700 + i, 269, 49407] for i, name in enumerate(CLASSES)
    }
    tokens |= {name: [49406, 700 + i, 49407] for i, name in enumerate(CLASSES)}
    tokens |= {f"{'X ' * 8}{name}.": [49406, *[343] * 8, 700 + i, 269, 49407] for i, name in enumerate(CLASSES)}
    for method in SYSTEMS:  # of made-up words; class and form differ
        for number, text in enumerate(class_prompts(load_method(method), CLASSES)):
            form, label = divmod(number, len(CLASSES))
            tokens.setdefault(text, [49406, *[800 + form] * (1 + form % 2), 700 + label, 49407])
    words = dict.fromkeys(word for kind in WORDS.values() for words in kind.values() for word in words)
    tokens |= {f"{word}.": [49406, *[800 + i] * len(word.split()), 269, 49407] for i, word in enumerate(words)}
    Backbone(backbone.config, backbone.tensors, tokens).save(folder / "backbone")
    return folder


def add_tokens(world: Path, texts: Iterable[str]) -> None:
    """Made-up token ids of more texts, one for each word, so that no tokenizer is needed."""
    plain = Backbone.load(world / "backbone")
    ids = {text: [49406, *(300 + sum(word.encode()) for word in text.split()), 49407] for text in texts}
    Backbone(plain.config, plain.tensors, {**plain.tokens, **ids}).save(world / "backbone")


def label_of(video: str) -> int:
    return int("".join(filter(str.isdigit, video))) % len(CLASSES)


def write_frames(folder: Path, videos: list[str], broken: tuple[str, ...]) -> None:
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    rows: list[dict[str, Any]] = []
    with open(folder / "shard-0000.tar", "wb") as file:
        shard = FrameTar(file)
        for number, video in enumerate(videos):
            count = 0 if video in broken else 3 + number % 9
            shard.begin(video)
            for _ in range(count):
                noise = rng.integers(-40, 40, (40, 48, 3))
                frame = np.clip(COLOURS[label_of(video)] + noise, 0, 255).astype(np.uint8)
                shard.add(simplejpeg.encode_jpeg(frame, quality=90, colorspace="RGB"))
            rows.append(
                {
                    "video": video,
                    "path": f"{video}.mp4",
                    "shard": 0,
                    "frames": count,
                    "width": 48,
                    "height": 40,
                    "fps": 30.0,
                    "container": "mp4",
                    "defect": "" if count else "no frames",
                    "table": shard.end(),
                }
            )
        places = shard.finish()
    index = pd.DataFrame(rows)
    index["table"] = (places + index["table"]).where(index["frames"] > 0, -1)
    index.to_parquet(folder / "index.parquet")


def protocol(**changes: Any) -> Protocol:
    values: dict[str, Any] = {
        "name": "tiny",
        "description": "",
        "train_split": "train",
        "shots": [],
        "frames": 4,
        "epochs": 3,
        "warmup_epochs": 1,
        "lr": 1e-3,
        "lr_min": 1e-5,
        "total_batch": 4,
        "micro_batch": 2,
        "validation": {"split": "test", "epochs": "all"},
        "select": "best",
        "views": {"temporal": 2, "spatial": 1, "mode": "paper"},
        "seeds": [5],
    }
    return Protocol.model_validate({**values, **changes})


def machine(**changes: Any) -> Machine:
    """One process with one thread."""
    values: dict[str, Any] = {
        "threads": 1,
        "loader_workers": 0,
        "gpus": 0,
        "precision": "fp32",
        "eval_batch": 8,
        "train_mem_mb": 1000,
        "train_minutes": 1,
        "evaluate_minutes": 1,
    }
    return Machine.model_validate({**values, **changes})


def training_job(world: Path, run: str = "run", method: str | Method = "tc_clip", **changes: Any) -> TrainingJob:
    small = {"tc.k": 4, "tc.alpha": 0.25} if method == "tc_clip" else {}
    job = TrainingJob(
        name=run,
        method=load_method(method, small) if isinstance(method, str) else method,
        protocol=protocol(),
        seed=5,
        class_names=read_classes(world / "splits" / "classes" / "all.csv"),
        train_list=world / "splits" / "train.csv",
        validation_list=world / "splits" / "test.csv",
        frames=world / "frames",
        backbone=world / "backbone",
        folder=world / "runs" / run,
        flip=True,
        machine=machine(),
        texts=WORDS,
    )
    return dataclasses.replace(job, **changes)


def evaluation(world: Path, run: str) -> tuple[Subject, list[EvaluationJob]]:
    """CLIP as it is on the test split, two views of each video."""
    folder = world / "runs" / run
    subject = Subject(run, load_method("vanilla_clip"), world / "backbone", None, folder, 4, 5, machine())
    test = EvaluationJob(
        name="test",
        split=world / "splits" / "test.csv",
        classes=world / "splits" / "classes" / "all.csv",
        frames=world / "frames",
        we=False,
        views=Views(temporal=2, spatial=1, mode="paper"),
        out=folder / "predictions" / "test.parquet",
    )
    return subject, [test]


def weights(job: TrainingJob) -> dict[str, torch.Tensor]:
    return load_file(job.folder / "weights.safetensors")


def same(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> bool:
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)
