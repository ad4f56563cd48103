"""The objects of one training, made from its job."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from tcclip.data.clips.testing import ViewClips
from tcclip.data.clips.training import TrainingClips
from tcclip.data.splits.split_tables import Present, present, read_split
from tcclip.data.videos.frames import FrameSource, open_frames
from tcclip.errors import UserError
from tcclip.models.backbone import Backbone
from tcclip.models.build import build
from tcclip.models.class_texts import class_prompts
from tcclip.models.clip_video import ClipVideo
from tcclip.models.weights_file import read_run_weights
from tcclip.params import Protocol
from tcclip.params.kinds.make import make
from tcclip.process import distributed
from tcclip.process.environment import git_state
from tcclip.process.log import log
from tcclip.process.runtime import deterministic, pick_device, pick_precision
from tcclip.training import talk
from tcclip.training.batches import labels_of_step
from tcclip.training.budget import Budget, budget
from tcclip.training.job import TrainingJob
from tcclip.training.objective.objective import InParts, Learner, LooksAhead, Moment, Objective, Written, added_by
from tcclip.training.optimizer import make_optimizer
from tcclip.training.scale_limit import hold_below
from tcclip.training.schedule.schedule import Schedule
from tcclip.training.select.selection import Selection
from tcclip.training.trained import Learning, freeze_others, learning_of

GROWTH_INTERVAL = 2000  # finite steps after which fp16's loss scale doubles; torch's own


@dataclass(frozen=True)
class Setup:
    """The objects of one training."""

    job: TrainingJob
    device: torch.device
    git: dict[str, Any] | None  # the checkout's state when the training started
    train_videos: Present
    validation: ViewClips
    validation_labels: np.ndarray
    clips: TrainingClips
    budget: Budget
    model: ClipVideo
    parameters: dict[str, nn.Parameter]  # by canonical name, also those that are not trained
    objective: Objective | InParts
    schedule: Schedule
    selection: Selection
    optimizer: torch.optim.Optimizer
    scaler: torch.amp.GradScaler  # does nothing unless the precision is fp16


def prepare(job: TrainingJob) -> Setup:
    """Read tables and backbone, and build model and optimizer; the same for a fresh and a resumed training.

    The setup's job has the precision that `auto` stands for.
    """
    device, git = pick_device(job.device), git_state()
    job = _with_precision(job, device)
    deterministic(job.machine.threads, job.seed)
    protocol, recipe = job.protocol, job.method.recipe
    store = open_frames(job.frames)
    videos, validation = (_present(job, path, store) for path in (job.train_list, job.validation_list))
    if videos.broken or videos.missing:
        log(talk.skipped_line(str(job.train_list), videos.broken, videos.missing, videos.listed))
    length = _budget(job, len(videos.videos))
    backbone = Backbone.load(job.backbone)
    size = backbone.config.image_size
    model = _model(job, backbone).to(device)
    learning = learning_of(model, job.method)
    freeze_others(model, learning)
    parameters = dict(model.named_parameters())
    if job.initial is not None:
        start_from(parameters, job.initial)
    objective: Objective | InParts = make(recipe.objective, _learner(job, model, device, backbone, videos, length))
    check_shares(objective, length, protocol)
    return Setup(
        job=job,
        device=device,
        git=git,
        train_videos=videos,
        validation=_validation_clips(job, validation, store, size),
        validation_labels=np.array([label for _, label in validation.videos]),
        clips=TrainingClips(store, videos.videos, job.method, protocol.frames, size, job.flip, job.seed),
        budget=length,
        model=model,
        parameters=parameters,
        objective=objective,
        schedule=make(recipe.schedule),
        selection=make(protocol.select),
        optimizer=_optimizer(job, model, learning),
        scaler=torch.amp.GradScaler(
            device.type, growth_interval=GROWTH_INTERVAL, enabled=job.machine.precision == "fp16"
        ),
    )


def _with_precision(job: TrainingJob, device: torch.device) -> TrainingJob:
    """The job with the precision that `auto` stands for, which the first process picks for all."""
    precision = distributed.broadcast_object(lambda: pick_precision(job.machine.precision, device))
    return dataclasses.replace(job, machine=job.machine.at(precision))


def _present(job: TrainingJob, split: Path, store: FrameSource) -> Present:
    """The videos of a split that have frames; UserError where too many have none."""
    return present(read_split(split), store, len(job.class_names), split, job.max_missing)


def _validation_clips(job: TrainingJob, validation: Present, store: FrameSource, size: int) -> ViewClips:
    """The clips of a test where the views are a test's, so that both give one number; size: of a side, pixels."""
    protocol = job.protocol
    return ViewClips(
        store=store,
        videos=[video for video, _ in validation.videos],
        views=protocol.validation_views,
        frames=protocol.frames,
        size=size,
        method=job.method,
        seed=protocol.seed,
    )


def _optimizer(job: TrainingJob, model: ClipVideo, learning: Learning) -> torch.optim.Optimizer:
    """The optimizer of the weights that are trained, which keeps the scale below its limit where there is one."""
    recipe, scale = job.method.recipe.optimizer, job.method.score.scale
    optimizer = make_optimizer(learning.trained, recipe, model.new_names, learning.factors, learning.undecayed)
    if scale is not None:
        hold_below(optimizer, model.logit_scale, scale.most)
    return optimizer


def _budget(job: TrainingJob, videos: int) -> Budget:
    """The training's length on so many usable videos; UserError where they are fewer than an optimizer step takes."""
    protocol = job.protocol
    length = budget(
        videos,
        epochs=protocol.epochs,
        warmup_epochs=protocol.warmup_epochs,
        total_batch=protocol.total_batch,
        micro_batch=protocol.micro_batch,
        counted_for=protocol.counted_for,
    )
    if length.steps_per_epoch == 0:
        raise UserError(
            f"{job.train_list} has {videos} usable videos, fewer than one optimizer step of "
            f"{protocol.total_batch}: lower total_batch of protocol '{protocol.name}'"
        )
    return length


def _model(job: TrainingJob, backbone: Backbone) -> ClipVideo:
    names, added = list(job.class_names), added_by(job.method.recipe.objective, backbone.config)
    return build(
        job.method,
        backbone,
        names,
        job.protocol.frames,
        recompute=job.machine.checkpoint,
        texts=job.texts,
        added=added,
        seed=job.seed,
    )


def _learner(
    job: TrainingJob, model: ClipVideo, device: torch.device, backbone: Backbone, videos: Present, length: Budget
) -> Learner:
    """What the objective is made from; `job` has its precision."""
    prompts = class_prompts(job.method, job.class_names, job.texts)
    written = Written(job.class_names, prompts, dict(videos.videos), job.texts, backbone.tokens)

    def labels_of(at: Moment) -> list[int]:
        return labels_of_step(videos.videos, length, job.protocol.micro_batch, at.seed, at.epoch, at.iteration)

    clip = partial(Backbone.load, job.backbone)
    return Learner(model, device, job.machine.precision, clip, labels_of, written)


def check_shares(objective: Objective | InParts, length: Budget, protocol: Protocol) -> None:
    """Refuse more processes than can share an optimizer step."""
    count, turns = distributed.world_size(), length.accumulation
    together = objective.coupled(turns, protocol.micro_batch) if isinstance(objective, LooksAhead) else turns
    step = (
        f"an optimizer step of {turns} micro-batches (total_batch: {protocol.total_batch} and micro_batch: "
        f"{protocol.micro_batch} of protocol '{protocol.name}')"
    )
    if count > turns:
        raise UserError(
            f"{count} processes cannot share {step}: start at most {turns}, with --gpus or machine.gpus of the suite"
        )
    if objective.gathers and together % count:
        part = "" if together == turns else f", of which one loss is over {together} of them"
        raise UserError(
            f"{count} processes cannot share equally {step}{part}, which an objective over the videos of all processes "
            f"needs: start a number that divides {together}, with --gpus or machine.gpus of the suite"
        )


def start_from(parameters: dict[str, nn.Parameter], path: Path) -> None:
    """Give the parameters the values of another run's weights."""
    if not path.is_file():
        raise UserError(f"{path} is not there: `tcclip train {path.parent.name}` makes it, init of the method names it")
    tensors = read_run_weights(path, f"`tcclip train {path.parent.name} --restart` makes it again")
    if different := sorted(set(tensors) ^ set(parameters)):
        raise UserError(
            f"{path} does not fit a training that starts from it: {different[0]} is in only one of the two models; "
            "init of the method must name a method of the same architecture"
        )
    with torch.no_grad():
        for name, parameter in parameters.items():
            if tensors[name].shape != parameter.shape:
                raise UserError(
                    f"{path}: {name} has the shape {tuple(tensors[name].shape)}, and the training that starts from it "
                    f"needs {tuple(parameter.shape)}: init of the method must name one of the same architecture"
                )
            parameter.copy_(tensors[name])
