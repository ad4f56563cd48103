"""Pre-training on the contrastive loss, deterministic for its params."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable

import torch
from torch import Tensor

from tcclip.backbone.pretraining.batches import Batch, StepBatches, load
from tcclip.backbone.pretraining.check import Check, zero_shot
from tcclip.backbone.pretraining.framewise import framewise
from tcclip.backbone.pretraining.loss import contrastive
from tcclip.backbone.pretraining.optimizers import make_optimizers, set_rates
from tcclip.backbone.pretraining.pictures import load_pictures
from tcclip.models.backbone import Backbone
from tcclip.models.canonical import TOKEN_TABLE
from tcclip.models.clip_video import ClipVideo
from tcclip.params.architecture import BackboneConfig
from tcclip.params.suite import Pretraining
from tcclip.process.log import log
from tcclip.process.runtime import deterministic, keep_memory

LARGEST_SCALE = math.log(100)  # CLIP, section 2.5: the temperature is learned, but not below 0.01
LINES = 20  # of progress


def train_clip(config: BackboneConfig, recipe: Pretraining) -> tuple[Backbone, Check]:
    """A small CLIP trained on generated stills, and its zero-shot accuracy on stills it has not seen.

    The token table's rows of words that no caption has stay as they were drawn. The same arguments give the same
    weights.
    """
    keep_memory()
    deterministic(recipe.threads, recipe.seed)
    pictures = load_pictures(recipe.images, config.image_size, recipe.seed)
    start = Backbone.random(config, recipe.seed)
    model = small_clip(start, pictures.vocabulary)
    optimizers = make_optimizers(model, recipe)
    started = time.monotonic()
    losses: list[float] = []
    for step, batch in enumerate(load(StepBatches(pictures, config.image_size, recipe))):
        set_rates(optimizers, step, recipe)
        losses.append(train_step(model, optimizers, batch))
        if (step + 1) % max(1, recipe.steps // LINES) == 0:
            spent = time.monotonic() - started
            mean = sum(losses) / len(losses)
            left = spent / (step + 1) * (recipe.steps - step - 1)
            log(f"step {step + 1}/{recipe.steps}  loss {mean:.3f}  {(step + 1) / spent:.1f} steps/s  {left:.0f} s left")
            losses.clear()
    weights = weights_of(model, start, pictures.vocabulary)
    weights["logit_scale"] = torch.tensor(math.log(recipe.scale))  # ranks nothing differently
    backbone = Backbone(config, weights)
    return backbone, zero_shot(backbone, recipe)


def small_clip(start: Backbone, vocabulary: Tensor) -> ClipVideo:
    """The frame-wise model with `start`'s weights and a trainable token table of the `vocabulary` only."""
    table = start.tensors[TOKEN_TABLE][vocabulary].clone()
    no_words = torch.zeros(1, 1, dtype=torch.int64)
    model = framewise(start.config, no_words, table, trained_table=True)
    model.load_state_dict({**start.tensors, TOKEN_TABLE: table.clone()}, strict=True)
    return model


def train_step(model: ClipVideo, optimizers: Iterable[torch.optim.Optimizer], batch: Batch) -> float:
    """One update; returns the loss."""
    images, rows, text_of = batch
    seen = model.encode_video(images[:, None])  # frames (B, 1, E)
    words = model.encode_text(seen, model.encode_tokens(rows))  # (U, E)
    loss = contrastive(seen.frames[:, 0], words, text_of, model.logit_scale.exp())
    loss.backward()  # type: ignore[no-untyped-call]
    for optimizer in optimizers:
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
    with torch.no_grad():
        model.logit_scale.clamp_(max=LARGEST_SCALE)
    return float(loss.detach())


def weights_of(model: ClipVideo, start: Backbone, vocabulary: Tensor) -> dict[str, Tensor]:
    """The model's weights by canonical name, its token rows put back into the full table."""
    weights = {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}
    weights[TOKEN_TABLE] = start.tensors[TOKEN_TABLE].index_copy(0, vocabulary, weights[TOKEN_TABLE])
    return weights
