"""What a training leaves in its run's folder."""

from __future__ import annotations

from typing import Any

import pandas as pd
import yaml

from tcclip.models.weights_file import write_weights
from tcclip.plan.layout import LAST
from tcclip.process.environment import environment, peak_memory_mb
from tcclip.process.files import write_json, write_text
from tcclip.training.job import TrainingJob, resolved_params
from tcclip.training.resuming import weights
from tcclip.training.setup import Setup
from tcclip.training.state import Progress


def write(setup: Setup, progress: Progress) -> None:
    """Write weights.safetensors, history.csv, params.yaml, environment.json and training.json.

    And last.safetensors where the protocol wants it: no output that Snakemake knows, because most runs have none.
    training.json is there only beside the files that it speaks of, also where this is ended in the middle.
    """
    job, last = setup.job, weights(setup)
    files = {"weights.safetensors": setup.selection.result(progress.held, last)}
    if job.protocol.keeps_last:
        files[LAST] = last
    (job.folder / "training.json").unlink(missing_ok=True)
    (job.folder / LAST).unlink(missing_ok=True)
    hashes = {name: write_weights(tensors, job.folder / name) for name, tensors in files.items()}
    write_text(job.folder / "history.csv", pd.DataFrame(progress.history).to_csv(index=False))
    write_text(job.folder / "params.yaml", yaml.safe_dump(resolved_params(job), sort_keys=False, allow_unicode=True))
    write_json(job.folder / "environment.json", environment(setup.device, setup.git))
    write_json(job.folder / "training.json", summary(job, setup, progress, hashes))


def summary(job: TrainingJob, setup: Setup, progress: Progress, hashes: dict[str, str]) -> dict[str, Any]:
    """The content of training.json; accuracies in percent, epochs counted from 0.

    hashes: file of weights -> SHA-256 of its bytes (models.weights_file.read_run_weights).
    """
    last = progress.history[-1]
    validated = progress.best_epoch >= 0
    best = {"val_top1": progress.best_top1, "epoch": progress.best_epoch} if validated else {}
    final = {"val_top1": last["val_top1"], "epoch": last["epoch"]}
    videos, trained = setup.train_videos, {n: p for n, p in setup.parameters.items() if p.requires_grad}
    return {
        "selected": {"rule": job.protocol.select.kind, **setup.selection.told(best, final)},
        "best": best,
        "last": {**final, "loss": last["loss"]},
        "videos": {
            "used": len(videos.videos),
            "listed": videos.listed,
            "broken": videos.broken,
            "missing": videos.missing,
            "validation": len(setup.validation.videos),
        },
        "optimizer_steps": last["step"],
        "seconds": round(progress.seconds, 1),
        "parameters": {
            "total": sum(p.numel() for p in setup.model.parameters()),
            "trained": sum(p.numel() for p in trained.values()),
            "new_lr": sum(trained[name].numel() for name in setup.model.new_names & trained.keys()),
        },
        "peak_memory_mb": peak_memory_mb(),
        "weights": hashes,
        "made_by": {"fingerprint": job.made_by},
        **({"continued": progress.continued} if progress.continued else {}),
    }
