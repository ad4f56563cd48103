"""X-CLIP with 64-px frames: every stored array, in float64 and float32 (docs/spec/systems/xclip.md)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import goldens
import numpy as np
import pytest
import system_goldens as systems
import torch
from torch import Tensor

from tcclip.evaluation.predict import probabilities
from tcclip.models.clip_video import ClipVideo
from tcclip.models.vision.layers import LayerOutput
from tcclip.params import load_method
from tcclip.training.budget import Budget
from tcclip.training.losses import smooth_targets, soft_ce
from tcclip.training.mixing import cut_box, cutmix, mixup
from tcclip.training.optimizer import make_optimizer
from tcclip.training.schedule.cosine import lr_at, rate
from tcclip.training.trained import freeze_others, learning_of

GOLDEN, INFO = systems.load("xclip")
METHOD = load_method("x_clip")
LABELS = torch.tensor(INFO["labels"])


class Run(NamedTuple):
    exact: bool  # float64
    model: ClipVideo
    video: Tensor
    layers: list[LayerOutput]


@pytest.fixture(scope="module", params=[torch.float64, torch.float32], ids=["float64", "float32"])
def run(request: pytest.FixtureRequest) -> Iterator[Run]:
    model = systems.model("x_clip", INFO, request.param)
    freeze_others(model, learning_of(model, METHOD))
    video = systems.video(INFO, request.param)
    yield Run(request.param == torch.float64, model, video, systems.layers(model, video))


def near(found: Tensor, name: str, run: Run, float32: float = 1e-4) -> None:
    systems.near(found, GOLDEN[name], 1e-6 if run.exact else float32)


def test_weights_video_and_tokens_are_those_of_the_convention(run: Run) -> None:
    goldens.check_probes(GOLDEN, run.model.state_dict())
    goldens.check_video(GOLDEN, run.video)
    goldens.check_tokens(GOLDEN, run.model)
    assert GOLDEN["labels"].tolist() == LABELS.tolist()


@torch.no_grad()
def test_messages_are_sent_and_exchanged_in_every_layer(run: Run) -> None:
    before = [run.model.visual.embed(run.video), *(output.tokens for output in run.layers[:-1])]
    near(run.model.message[0].proj(before[0][:, :, 0]), "message1_raw", run)
    sent = [own(tokens[:, :, 0]) for own, tokens in zip(run.model.message, before, strict=True)]
    near(torch.stack(sent), "message", run, 2e-4)


def test_the_outputs_of_layers_are_the_authors(run: Run) -> None:
    near(torch.stack([output.tokens[:, :, 0] for output in run.layers]), "layer_cls", run, 2e-4)
    near(run.layers[0].tokens[:, [0, 3]], "layer1_tokens", run, 2e-4)
    near(run.layers[-1].tokens[:, [0]], "layer12_tokens", run, 2e-4)


@torch.no_grad()
def test_frames_are_integrated(run: Run) -> None:
    frames = run.model.encode_video(run.video).frames
    near(frames, "frame_features", run)
    near(run.model.mit(frames), "mit_block", run)
    near(run.model.composition.pool.pool(frames, run.model.mit), "video_features", run)


@torch.no_grad()
def test_texts_look_at_the_patches_of_the_last_layer(run: Run) -> None:
    own, seen = run.model.prompt, run.model.encode_video(run.video)
    systems.near(seen.patches[:, :1], GOLDEN["layer12_tokens"][:, :, 1:], 1e-6 if run.exact else 2e-4)
    texts = run.model.finished(run.model.encode_classes())
    near(texts, "text_features", run)
    projected = own.ln_patch(seen.patches).mean(dim=1) @ own.patch_proj
    near(projected[:, [0, 5, 10, 15]], "patch_memory", run, 2e-4)
    memory = own.ln_memory(projected)
    near(memory[:, [0, 5, 10, 15]], "patch_memory_norm", run, 2e-4)
    first = own.get_submodule("0")(texts, memory)
    near(first, "prompt_layer1", run)
    near(own.get_submodule("1")(first, memory), "prompt_layer2", run)
    near(run.model.encode_text(seen, texts), "class_text", run)


def test_logits_losses_and_gradients_are_the_authors(run: Run) -> None:
    run.model.zero_grad()
    logits, targets = run.model(run.video), smooth_targets(LABELS, 5, INFO["smoothing"])
    near(logits, "logits", run)
    systems.near(targets, GOLDEN["targets"], 1e-7)
    loss = soft_ce(logits, targets)
    near(loss, "loss", run)
    near(torch.nn.functional.cross_entropy(logits, LABELS), "loss_ce", run)
    near(probabilities(logits).sum(dim=0), "views/scores", run)
    loss.backward()
    relative = 1e-7 if run.exact else 3e-4
    systems.check_gradients(run.model, GOLDEN["grad_names"], GOLDEN["grad_l2"], relative, GOLDEN["frozen_names"])
    whole = [name for name in GOLDEN if name.startswith("grad/")]
    assert whole
    for name in whole:
        gradient = run.model.get_parameter(name.removeprefix("grad/")).grad
        assert gradient is not None
        near(gradient, name, run)


def test_training_and_evaluation_are_one_function(run: Run) -> None:
    with torch.no_grad():
        near(run.model(run.video, run.model.finished(run.model.encode_classes())), "logits", run)


@pytest.mark.parametrize("way", ["mixup", "cutmix"])
def test_a_mixed_batch_has_the_authors_loss_and_gradients(run: Run, way: str) -> None:
    drawn, targets, partner = INFO[way], smooth_targets(LABELS, 5, INFO["smoothing"]), torch.tensor(INFO[way]["perm"])
    if way == "mixup":
        clips, targets = mixup(run.video, targets, drawn["lam"], partner)
    else:
        box = cut_box(64, 64, drawn["lam_drawn"], drawn["cy"], drawn["cx"])
        clips, targets = cutmix(run.video, targets, box, partner)
    with torch.no_grad():
        logits = run.model(clips)
    near(logits, f"{way}/logits", run)
    systems.near(targets, GOLDEN[f"{way}/targets"], 1e-7)
    near(soft_ce(logits, targets), f"{way}/loss", run)


def test_what_is_trained_its_rates_and_its_decay_are_the_authors() -> None:
    model = systems.model("x_clip", INFO, torch.float32)
    learning = learning_of(model, METHOD)
    assert set(learning.trained) == set(GOLDEN["grad_names"].tolist())
    others = {name for name in model.state_dict() if name not in learning.trained}
    assert others == set(GOLDEN["frozen_names"].tolist())
    optimizer = make_optimizer(
        learning.trained, METHOD.recipe.optimizer, model.new_names, learning.factors, learning.undecayed
    )
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    fast = {names[id(p)] for group in optimizer.param_groups if group["factor"] == 10 for p in group["params"]}
    slow = {names[id(p)] for group in optimizer.param_groups if group["factor"] == 1 for p in group["params"]}
    assert fast == set(GOLDEN["lr10_names"].tolist()) and slow == set(learning.trained) - fast
    still = {names[id(p)] for group in optimizer.param_groups if not group["weight_decay"] for p in group["params"]}
    assert still == set(GOLDEN["no_decay_names"].tolist())
    assert {group["weight_decay"] for group in optimizer.param_groups} == {0.0, 1e-3}
    assert optimizer.defaults["betas"] == (0.9, 0.98) and optimizer.defaults["eps"] == 1e-8


def test_learning_rates_are_the_authors() -> None:
    info = INFO["lr"]
    base, total = info["base"], info["epochs"] * info["iterations_per_epoch"]
    warmup = info["warmup_epochs"] * info["iterations_per_epoch"]
    for time, both in zip(GOLDEN["lr/t"].tolist(), GOLDEN["lr/values"], strict=True):
        time = min(time, total)  # a training has no later step
        found = [lr_at(time, base=base * f, lr_min=base / 100, warmup=warmup, total=total) for f in (1, 10)]
        assert found == pytest.approx(both.tolist(), rel=1e-12, abs=0), time


def test_a_step_uses_the_rate_of_the_step_before() -> None:
    info = INFO["lr"]
    length = Budget(info["epochs"], info["warmup_epochs"], info["iterations_per_epoch"], info["accumulation"])
    steps = [(epoch, step) for epoch in range(length.epochs) for step in range(length.steps_per_epoch)]
    assert len(steps) == len(GOLDEN["lr/accumulate3"])
    for (epoch, step), (_, *both) in zip(steps, GOLDEN["lr/accumulate3"].tolist(), strict=True):
        found = [rate(length, epoch, step, info["base"] * factor, info["base"] / 100) for factor in (1, 10)]
        assert found == pytest.approx(both, rel=1e-12, abs=0), (epoch, step)


def test_clips_and_targets_are_blended_as_published() -> None:
    info = INFO["blend"]
    clips = torch.from_numpy(goldens.convention.stream(info["key"]).standard_normal(info["shape"]).astype(np.float32))
    partner = torch.tensor(info["perm"])
    targets = smooth_targets(torch.tensor(info["labels"]), info["classes"], INFO["smoothing"])
    mixed = mixup(clips, targets, info["mixup_lam"], partner)
    box = cut_box(*info["shape"][-2:], info["cutmix_lam"], info["cy"], info["cx"])
    cut = cutmix(clips, targets, box, partner)
    for way, (x, y) in (("mixup", mixed), ("cutmix", cut)):
        systems.near(x[:, 0], GOLDEN[f"blend/{way}_x"], 1e-6)
        systems.near(y, GOLDEN[f"blend/{way}_y"], 1e-6)
    top, bottom, left, right = box
    assert GOLDEN["blend/box_small"].tolist() == [left, top, right, bottom]
    top, bottom, left, right = cut_box(64, 64, INFO["cutmix"]["lam_drawn"], INFO["cutmix"]["cy"], INFO["cutmix"]["cx"])
    assert GOLDEN["blend/box_video"].tolist() == [left, top, right, bottom]


def test_boxes_of_a_frame_of_224_pixels_are_the_authors() -> None:
    for (share, column, row), (x1, y1, x2, y2) in zip(GOLDEN["blend/box_cases"], GOLDEN["blend/box_224"], strict=True):
        assert cut_box(224, 224, share, int(row), int(column)) == (y1, y2, x1, x2), (share, column, row)
