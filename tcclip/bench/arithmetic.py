"""A method's cost by arithmetic: parameters, and multiply-accumulates as the paper counts them (methods.md 9).

The paper's "GFLOPs" are multiply-accumulates of one view and one text of 77 tokens, each layer in full; norms,
activations, the choice of seeds and VP do not count. The token table is no parameter. Nothing is run: layers have
shapes only (the meta device).
"""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor

from tcclip.bench.cases import Case, Settings
from tcclip.bench.steps import batches_of, objective_of
from tcclip.bench.world import class_names, outside_texts, with_texts, written
from tcclip.models import Backbone, BackboneConfig, skeleton
from tcclip.models.canonical import END, POSITIONS, START, TOKEN_TABLE, canonical_shapes
from tcclip.models.class_texts import class_prompts
from tcclip.models.clip_video import ClipVideo
from tcclip.models.composition import compose
from tcclip.models.counting import counted
from tcclip.models.pool.pooling import Pool
from tcclip.models.tokens import token_rows
from tcclip.params import Method
from tcclip.training.batches import Batch
from tcclip.training.objective.objective import InParts, Learner, LooksAhead, Moment, Objective, added_by, losses_of
from tcclip.training.trained import freeze_others, learning_of

AT = Moment(seed=0, epoch=0, iteration=0)  # nothing that is counted depends on it


def parameters(method: Method, config: BackboneConfig, frames: int, classes: int = 1) -> int:
    """Numbers of the method's model, trained or not, without the token table; classes may have weights of their own."""
    named = skeleton(method, config, _longest_text(method).expand(classes, -1), frames).named_parameters()
    return sum(parameter.numel() for name, parameter in named if name != TOKEN_TABLE)


def trained_parameters(method: Method, config: BackboneConfig, frames: int, classes: int = 1) -> int:
    """Those that a training changes, also the token table where it is trained, and what the objective adds."""
    if not method.train:
        return 0
    added = added_by(method.recipe.objective, config)
    model = skeleton(method, config, _longest_text(method).expand(classes, -1), frames, added=added)
    return sum(parameter.numel() for parameter in learning_of(model, method).trained.values())


def macs(method: Method, config: BackboneConfig, frames: int, classes: int = 1) -> int:
    """Multiply-accumulates of one view of `frames` frames and one text, by the paper's convention.

    Where the texts of classes look at the video and that counts, `classes` of them do.
    """
    width, patches = config.vision_width, config.patches
    embedding = patches * 3 * config.patch_size**2 * width
    vision = embedding + config.vision_layers * _block(patches + 1, width) + width * config.embed_dim
    text = config.text_layers * _block(POSITIONS, config.text_width) + config.text_width * config.embed_dim
    parts = compose(method, config, _longest_text(method), frames)
    added = parts.exchange.macs(config, frames) + _pooling(parts.pool, config, frames)
    looking = parts.look.macs(frames, classes) if parts.look.macs else 0
    return frames * vision + text + added + looking


def flops(case: Case, settings: Settings, config: BackboneConfig) -> int:
    """Floating-point operations of one step of a method as it is written here, 2 per multiply-accumulate."""
    method = settings.method(case.subject)
    shapes = {name: torch.empty(shape, device="meta") for name, shape in canonical_shapes(config).items()}
    named = with_texts(Backbone(config, shapes), method, case.classes)
    names = class_names(case.classes)
    texts = class_prompts(method, names, outside_texts(names))
    tokens = token_rows(texts, named.tokens, method.text.context_length, method.text.beside)
    added = added_by(method.recipe.objective, config) if case.mode == "train" else []
    model = skeleton(method, config, tokens, settings.frames, added=added).to("meta")
    size = (case.micro, settings.frames, 3, config.image_size, config.image_size)
    video = torch.empty(size, device="meta")
    if case.mode == "eval":
        with torch.no_grad():
            classes = model.finished(model.encode_classes())
            return counted(lambda: model(torch.empty(case.batch, *size[1:], device="meta"), classes))
    freeze_others(model, learning_of(model, method))
    texts_of_all = written(method, named, case.classes, case.batch)
    objective = objective_of(method, Learner(model, video.device, "fp32", lambda: named, written=texts_of_all))
    if isinstance(objective, LooksAhead):
        labels, one_form = torch.arange(case.batch) % case.classes, model.composition.text.joined is not None
        of_labels = tokens[labels if one_form else model.texts_of(labels)]
        pairs, parts = skeleton(method, config, of_labels, settings.frames).to("meta"), case.batch // case.micro
        return _of_matching(model, pairs, video, parts, ahead=objective.coupled(parts, case.micro) > 1)
    objective.begin(AT)  # texts that no training changes are there from the first step on
    batch = batches_of(case, torch.empty(case.batch, *size[1:], device="meta"))[0]
    one, more = counted(partial(_step, objective, [batch])), case.batch // case.micro - 1
    return one + more * (counted(partial(_step, objective, [batch] * 2)) - one) if more else one


def _step(objective: Objective | InParts, batches: list[Batch]) -> None:
    """The passes of a step over these micro-batches."""
    shared = objective.begin(AT)
    for batch in batches:
        for loss, _ in losses_of(objective, shared, batch, AT):
            torch.autograd.backward([loss])
    objective.end(shared)


def _of_matching(model: ClipVideo, pairs: ClipVideo, video: Tensor, parts: int, ahead: bool) -> int:
    """A step of in-batch matching: of the model's videos, in so many micro-batches, and the texts of `pairs`.

    ahead: the features of all videos are computed before the first loss.
    """

    def videos() -> Tensor:
        return model.pooled(model.encode_video(video))

    def texts() -> Tensor:
        made = pairs.finished(pairs.encode_classes())
        assert isinstance(made, Tensor)
        return made

    each = counted(lambda: torch.autograd.backward([videos().sum()]))
    of_texts = counted(lambda: torch.autograd.backward([texts().sum()]))
    with torch.no_grad():
        before = counted(videos) if ahead else 0
    return (each + before) * parts + of_texts


def _block(tokens: int, width: int) -> int:
    """Projections and feed-forward, and the two products of attention."""
    return 12 * tokens * width**2 + 2 * tokens**2 * width


def _pooling(pool: Pool, config: BackboneConfig, frames: int) -> int:
    """What becomes of the frames' features."""
    with torch.device("meta"):
        own, features = pool.part.module() if pool.part else None, torch.empty(1, frames, config.embed_dim)
        return counted(lambda: pool.pool(features, own)) // 2


def _longest_text(method: Method) -> torch.Tensor:
    """Token ids of a text that fills 77 places together with its learned vectors."""
    return torch.tensor([[START, *range(1, POSITIONS - method.text.beside - 1), END]])
