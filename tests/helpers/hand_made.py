"""Run folders written by hand, for the tests of reports and tracking: known numbers, no training."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from tcclip.plan import Plan, Run, layout

EPOCHS = 5
NAMES = {
    "ssv2": [
        "moving left to right",
        "moving right to left",
        "two meeting",
        "two parting",
        "staying still",
        "turning red",
    ],
}
SCORES = [0.5, 0.2, 0.1, 0.06, 0.04]  # of the five best classes of every video
ORDER_ONLY = (0, 1)  # classes of the ssv2 stand-in that only the order of frames tells apart


def class_names(role: str) -> list[str]:
    return NAMES.get(role, [f"{role} class {i}" for i in range(8)])


def evaluation_part(top1: float, top5: float = 100.0, videos: int = 40) -> dict[str, Any]:
    """One evaluation's part of metrics.json."""
    per_class = {"a": {"top1": top1, "n_videos": videos // 2}, "b": {"top1": top1, "n_videos": videos - videos // 2}}
    return {
        "top1": top1,
        "top5": top5,
        "n_videos": videos,
        "listed": videos + 1,
        "broken": 1,
        "missing": 0,
        "per_class": per_class,
    }


def write_run(folder: Path, run: Run, evaluations: dict[str, Any], seed: int = 0) -> None:
    """A run's folder with everything but weights."""
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "metrics.json").write_text(json.dumps({"evaluations": evaluations}), encoding="utf-8")
    if not run.trained:
        return
    history = pd.DataFrame({"epoch": range(EPOCHS), "step": [10 * (e + 1) for e in range(EPOCHS)], "lr": 1e-4})
    history["loss"] = 2.2 * np.exp(-0.3 * np.arange(EPOCHS)) + 0.05 * rng.random(EPOCHS)
    history["train_top1"] = 100 * (1 - np.exp(-0.4 * np.arange(1, EPOCHS + 1)))
    history["val_top1"] = [float("nan"), 40.0, float("nan"), 55.0, 60.0 + seed]
    history["seconds"] = 2.0
    history.to_csv(folder / "history.csv", index=False)
    training = {
        "best": {"val_top1": 60.0 + seed, "epoch": 4},
        "last": {"val_top1": 60.0 + seed, "epoch": 4, "loss": 0.7},
        "seconds": 12.5,
        "optimizer_steps": 50,
    }
    (folder / "training.json").write_text(json.dumps(training), encoding="utf-8")
    params = {
        "run": run.name, "suite": "mini", "seed": run.seed, "shots": run.shots, "dataset": run.role,
        "method": {"name": run.method, "we": {"w": 0.7}}, "protocol": {"name": run.protocol, "epochs": EPOCHS},
        "code_fingerprint": "c0de", "data_fingerprint": "da7a",
    }  # fmt: skip
    (folder / "params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    environment = {"git": {"commit": "0123abcd", "dirty": False}, "device": "cpu", "cpu": "a processor", "threads": 1}
    environment |= {"python": "3.11", "torch": "2.11", "platform": "Linux", "finished": "2026-01-01T00:00:00+00:00"}
    (folder / "environment.json").write_text(json.dumps(environment), encoding="utf-8")
    (folder / "weights.safetensors").write_bytes(b"weights")


def video_name(role: str, label: int, number: int) -> str:
    """As the stand-in's; UCF-101 has four clips of a recording."""
    return f"v_{label}_g{number // 4:02d}_c{number % 4:02d}" if role == "ucf101" else f"{label}-{number}"


def predictions(role: str, good: float, rng: np.random.Generator, videos: int = 12) -> pd.DataFrame:
    """Predictions that are right with probability `good`; the order-only classes are told by a coin."""
    classes = len(class_names(role))
    lines = []
    for label in range(classes):
        for i in range(videos):
            best = label if rng.random() < good else int(rng.integers(classes))
            if role == "ssv2" and label in ORDER_ONLY and rng.random() < 0.9:
                best = int(rng.choice(ORDER_ONLY))
            top5 = [best, *[c for c in range(classes) if c != best]][:5]
            scores = SCORES[: len(top5)]
            lines.append(
                {"video": video_name(role, label, i), "label": label, "top5_classes": top5, "top5_scores": scores,
                 "correct1": best == label, "correct5": label in top5}
            )  # fmt: skip
    return pd.DataFrame(lines)


def write_suite(plan: Plan, runs: Collection[str] | None = None) -> None:
    """Some or all runs of a suite in the working directory, with predictions, class lists and two broken videos."""
    for role, name in plan.suite.datasets.items():
        names = class_names(role)
        dataset = plan.dataset(role)
        for split in dataset.splits:
            path = layout.classes(name, dataset.class_list(split))
            path.parent.mkdir(parents=True, exist_ok=True)
            pd.DataFrame({"label": range(len(names)), "name": names}).to_csv(path, index=False)
            layout.split(name, split).write_text(f"video,label\n{split},0\n", encoding="utf-8")
        index = pd.DataFrame({"video": ["v1", "v2"], "path": ["v1.avi", "v2.avi"], "defect": ["", "truncated"]})
        index = index.assign(shard=0, frames=[9, 0], table=-1, height=48, width=64)  # whose shard is elsewhere
        layout.frames_index(name).parent.mkdir(parents=True, exist_ok=True)
        index.to_parquet(layout.frames_index(name))
    base = {"vanilla_clip": 0.3, "vifi_clip": 0.55, "tc_clip": 0.6}  # variants: 0.58
    for number, run in enumerate(plan.runs.values()):
        if runs is not None and run.name not in runs:
            continue
        parts = {}
        for evaluation in plan.evaluations(run.name):
            rng = np.random.default_rng(number)
            good = min(1.0, base.get(run.method, 0.58) + 0.02 * (run.shots or 8) * run.trained)
            frame = predictions(evaluation.role, good, rng)
            path = layout.predictions(plan.suite.name, run.name, evaluation.name)
            path.parent.mkdir(parents=True, exist_ok=True)
            frame.to_parquet(path)
            parts[evaluation.name] = evaluation_part(*(100 * frame[["correct1", "correct5"]].mean()), len(frame))
        write_run(layout.run(plan.suite.name, run.name), run, parts, number)
