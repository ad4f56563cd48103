"""One step of a row as a function: a forward pass of an evaluation, or a training step with its optimizer."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tcclip.bench import oracle, plain
from tcclip.bench.cases import ORACLE, PLAIN, Case, Settings
from tcclip.bench.world import class_names, outside_texts, video_labels, videos, with_texts, written
from tcclip.models import Backbone, BackboneConfig, build
from tcclip.models.clip_video import ClipVideo
from tcclip.models.prepared import prepared
from tcclip.params import Method, load_method
from tcclip.params.kinds.make import make
from tcclip.process.runtime import autocast
from tcclip.training.batches import Batch
from tcclip.training.objective.objective import InParts, Learner, LooksAhead, Moment, Objective, added_by, losses_of
from tcclip.training.optimizer import make_optimizer
from tcclip.training.trained import freeze_others, learning_of

Step = Callable[[], None]
SEED = 0  # nothing that is measured depends on it


def prepare(case: Case, settings: Settings, backbone: Backbone) -> Step:
    """The step of a row; what is done once per evaluation or training (weights, classes, optimizer) is done here."""
    device = torch.device(settings.device)
    method = settings.method(case.method)
    named = with_texts(backbone, method, case.classes)
    names = class_names(case.classes)
    added = added_by(method.recipe.objective, backbone.config) if case.mode == "train" else []
    model = build(method, named, names, settings.frames, texts=outside_texts(names), added=added).to(device)
    model.compile_as(settings.compiled)
    clips = videos(backbone.config, case.batch, settings.frames, device)
    if case.subject in (PLAIN, ORACLE):
        weights = {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}
        tokens = F.pad(model.tokens, (0, method.text.context_length - model.tokens.shape[1]))
        if case.subject == ORACLE:
            forward = partial(oracle.logits, weights, backbone.config, method, model.tokens)
        else:
            assert method.tc is not None
            forward = partial(plain.logits, weights, backbone.config, method.tc, tokens)
        trained = {name: nn.Parameter(weights[name]) for name, _ in model.named_parameters()}
        weights |= trained
        return _function_step(case, settings, forward, trained, clips, model.new_names)
    if case.mode == "eval":
        return _evaluation(model, settings, clips)
    learning = learning_of(model, method)
    freeze_others(model, learning)
    optimizer = make_optimizer_of(dict(learning.trained), model.new_names)
    again = partial(random_clip, backbone.config, method, case.classes)  # a backbone that is kept would be memory
    texts = written(method, named, case.classes, case.batch)
    objective = objective_of(method, Learner(model, device, settings.dtype, again, written=texts))
    step = [(batch, Moment(SEED, 0, number)) for number, batch in enumerate(batches_of(case, clips))]
    return partial(_training_step, step, model, objective, optimizer)


def batches_of(case: Case, clips: Tensor) -> list[Batch]:
    """A step's clips (B, T, 3, H, W) in micro-batches, of the first classes."""
    named = video_labels(len(clips), case.classes)
    labels = torch.tensor(list(named.values())).to(clips.device)
    videos = [list(named)[first : first + case.micro] for first in range(0, len(named), case.micro)]
    parts = zip(torch.split(clips, case.micro), torch.split(labels, case.micro), videos, strict=True)
    return [Batch(*part) for part in parts]


def random_clip(config: BackboneConfig, method: Method, classes: int) -> Backbone:
    """What the bench's models start from."""
    return with_texts(Backbone.random(config), method, classes)


def objective_of(method: Method, learner: Learner) -> Objective | InParts:
    """The method's objective over all classes; no videos are mixed, which takes next to no time."""
    settings = method.recipe.objective
    plain: dict[str, object] = {key: None for key in ("mixup", "most_classes") if key in type(settings).model_fields}
    made: Objective | InParts = make(settings.model_copy(update=plain), learner)
    return made


def make_optimizer_of(parameters: dict[str, nn.Parameter], new_names: Collection[str]) -> torch.optim.Optimizer:
    """AdamW as in training."""
    return make_optimizer(parameters, load_method("tc_clip").recipe.optimizer, new_names)


def loss_of(logits: Tensor) -> Tensor:
    """Cross entropy against the first class."""
    return F.cross_entropy(logits.float(), torch.zeros(len(logits), dtype=torch.int64, device=logits.device))


def _evaluation(model: ClipVideo, settings: Settings, clips: Tensor) -> Step:
    model = prepared(model.eval(), clips.device, settings.dtype)
    with torch.inference_mode(), autocast(clips.device, settings.dtype):
        classes = model.finished(model.encode_classes())

    def step() -> None:
        with torch.inference_mode(), autocast(clips.device, settings.dtype):
            model(clips, classes)

    return step


def _training_step(
    step: list[tuple[Batch, Moment]],
    model: ClipVideo,
    objective: Objective | InParts,
    optimizer: torch.optim.Optimizer,
) -> None:
    """As tcclip.training.loop, with videos of the first classes."""
    model.train()
    shared = objective.begin(step[0][1])
    if isinstance(objective, LooksAhead):
        shared = objective.look_ahead(shared, step)
    for batch, place in step:
        for loss, _ in losses_of(objective, shared, batch, place):
            (loss / len(step)).backward()  # type: ignore[no-untyped-call]
    objective.end(shared)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)


def _function_step(
    case: Case,
    settings: Settings,
    forward: Callable[[Tensor], Tensor],
    trained: dict[str, nn.Parameter],
    clips: Tensor,
    new_names: Collection[str],
) -> Step:
    """A step of plain or oracle, which have no part that is computed once."""

    def evaluation() -> None:
        with torch.inference_mode(), autocast(clips.device, settings.dtype):
            forward(clips)

    if case.mode == "eval":
        return evaluation
    optimizer = make_optimizer_of(trained, new_names)

    def training() -> None:
        for part in torch.split(clips, case.micro):
            with autocast(clips.device, settings.dtype):
                logits = forward(part)
            (loss_of(logits) * len(part) / case.batch).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    return training
