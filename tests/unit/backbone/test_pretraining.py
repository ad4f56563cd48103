"""The small CLIP: its loss, its pictures, and that it is the same every time."""

import math

import numpy as np
import pytest
import torch

from tcclip.backbone.pretraining.batches import StepBatches, load
from tcclip.backbone.pretraining.framewise import framewise
from tcclip.backbone.pretraining.loop import train_clip
from tcclip.backbone.pretraining.loss import contrastive
from tcclip.backbone.pretraining.optimizers import HIGHEST, make_optimizers, set_rates, share
from tcclip.backbone.pretraining.pictures import augmented, centred, compact, load_pictures
from tcclip.mini.classes import COLOURS, SHAPES
from tcclip.models import Backbone, BackboneConfig
from tcclip.models.tokens import token_rows, tokenize
from tcclip.params.suite import Pretraining

CONFIG = BackboneConfig(16, 8, 16, 2, 2, 16, 2, 2, 16)
RECIPE = Pretraining(
    seed=3,
    images=64,
    steps=6,
    batch=16,
    lr=1e-3,
    matrix_lr=1e-3,
    warmup_steps=2,
    weight_decay=0.1,
    scale=8,
    norm="imagenet",
    threads=1,
)


def test_with_different_captions_the_loss_is_clips():
    images, texts, scale = torch.randn(4, 8), torch.randn(4, 8), torch.tensor(5.0)
    unit = [rows / rows.norm(dim=1, keepdim=True) for rows in (images, texts)]
    logits = scale * unit[0] @ unit[1].T
    literal = -(logits.log_softmax(1).diag().mean() + logits.log_softmax(0).diag().mean()) / 2
    assert torch.allclose(contrastive(images, texts, torch.arange(4), scale), literal)


def test_pictures_with_the_same_caption_are_no_wrong_answers_to_each_other():
    images = torch.eye(3)[[0, 0, 1]]
    texts = torch.eye(3)[[0, 1]]
    loss = contrastive(images, texts, torch.tensor([0, 0, 1]), torch.tensor(1000.0))
    assert float(loss) == pytest.approx(math.log(2) / 4, abs=1e-5)  # only which of two equal pictures stays unknown


def test_the_compact_vocabulary_says_the_same_with_end_as_its_largest_id():
    texts = ["red ball", "a photo of a blue star."]
    rows, vocabulary = compact(texts)
    full = token_rows(texts, tokenize(texts), 77)[:, : rows.shape[1]]
    assert torch.equal(vocabulary[rows], full)
    assert torch.equal(rows.argmax(1), full.argmax(1))


def test_augmentation_keeps_the_shape_and_is_drawn_from_the_generator_alone():
    pixels = torch.randint(0, 256, (5, 18, 18, 3), dtype=torch.uint8)
    first, second = (augmented(pixels, 16, "imagenet", np.random.default_rng(1)) for _ in range(2))
    assert first.shape == (5, 3, 16, 16)
    assert torch.equal(first, second)
    assert centred(pixels, 16, "imagenet").shape == first.shape


def test_a_grey_picture_keeps_its_brightness_within_the_announced_range():
    pixels = torch.full((50, 18, 18, 3), 100, dtype=torch.uint8)
    changed = augmented(pixels, 16, "imagenet", np.random.default_rng(1)).mean(dim=(1, 2, 3))
    plain = centred(pixels, 16, "imagenet").mean(dim=(1, 2, 3))
    assert (changed - plain).abs().max() < 0.2 * 100 / 57 + 0.05


def test_the_rate_warms_up_to_its_base_and_ends_near_zero():
    assert share(0, RECIPE) == 1 / 2
    assert share(1, RECIPE) == 1
    assert share(RECIPE.steps, RECIPE) == pytest.approx(0)


def test_every_weight_has_one_optimizer_and_the_layers_matrices_have_muon():
    model = framewise(CONFIG, torch.zeros(1, 1, dtype=torch.int64), torch.randn(9, 16), trained_table=True)
    recipe = RECIPE.model_copy(update={"matrix_lr": 3e-3})
    adamw, muon = optimizers = make_optimizers(model, recipe)
    sets = [[p for group in optimizer.param_groups for p in group["params"]] for optimizer in optimizers]
    assert sorted(map(id, sets[0] + sets[1])) == sorted(map(id, model.parameters()))
    assert len(sets[1]) == 4 * (CONFIG.vision_layers + CONFIG.text_layers)  # attention in, out; feed-forward in, out
    decays = {group["weight_decay"]: {p.dim() > 1 for p in group["params"]} for group in adamw.param_groups}
    assert decays == {recipe.weight_decay: {True}, 0.0: {False}}
    set_rates(optimizers, 1, recipe)
    assert {group["lr"] for group in adamw.param_groups} == {recipe.lr}
    assert [group["lr"] for group in muon.param_groups] == [group[HIGHEST] for group in muon.param_groups] == [3e-3]


def test_the_process_beside_the_steps_makes_the_batches_that_the_steps_would_make():
    batches = StepBatches(load_pictures(RECIPE.images, 16, RECIPE.seed), 16, RECIPE)
    made = list(load(batches))
    assert len(made) == RECIPE.steps
    for step, batch in enumerate(made):
        assert all(torch.equal(there, here) for there, here in zip(batch, batches[step], strict=True))


def test_pre_training_repeats_itself_bit_by_bit_and_leaves_words_it_has_not_seen_as_drawn():
    (first, check), (second, _) = (train_clip(CONFIG, RECIPE) for _ in range(2))
    start = Backbone.random(CONFIG, RECIPE.seed)
    assert all(torch.equal(value, second.tensors[name]) for name, value in first.tensors.items())
    assert first.tensors.keys() == start.tensors.keys()
    table, drawn = first.tensors["token_embedding.weight"], start.tensors["token_embedding.weight"]
    changed = (table != drawn).any(dim=1)
    assert changed[49407] and changed.sum() < 100
    assert not torch.equal(first.tensors["visual.proj"], start.tensors["visual.proj"])
    assert check.classes == len(COLOURS) * len(SHAPES)
