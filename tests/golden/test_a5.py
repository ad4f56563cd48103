"""A5 with 64-px frames: every stored array, in float64 and float32 (docs/spec/systems/a5.md)."""

from __future__ import annotations

import functools
import itertools
from typing import NamedTuple

import goldens
import numpy as np
import pytest
import system_goldens as systems
import torch
import torch.nn.functional as F
from torch import Tensor

from tcclip.data.clips.sampling.consecutive import drawn
from tcclip.evaluation.metrics import accuracy
from tcclip.evaluation.predict import probabilities
from tcclip.models.class_texts import class_prompts
from tcclip.models.clip_video import ClipVideo
from tcclip.models.text.table import put
from tcclip.models.text.tower import LEARNED, ClassTexts, Rows
from tcclip.models.tokens import token_rows
from tcclip.models.vision.tower import VisionOutput
from tcclip.params import load_method
from tcclip.params.kinds.make import make
from tcclip.training.batches import Batch
from tcclip.training.objective.ce import CrossEntropy, Shared
from tcclip.training.objective.objective import Learner, Moment
from tcclip.training.optimizer import make_optimizer, set_rates
from tcclip.training.schedule.restarts import rate_at
from tcclip.training.trained import freeze_others, learning_of

GOLDEN, INFO = systems.load("a5")
METHOD = load_method("a5")
LABELS = torch.tensor(INFO["labels"])
ADDED = GOLDEN["grad_names"].tolist()
CPU = torch.device("cpu")


class Run(NamedTuple):
    exact: bool  # float64
    model: ClipVideo
    video: Tensor
    seen: VisionOutput
    texts: Tensor  # features (C, E)


def made(dtype: torch.dtype, classes: list[str] | None = None, **overrides: object) -> ClipVideo:
    """The system's model, trained as the method says; keys of `overrides` have _ for the dot."""
    changes = {key.replace("_", ".", 1): value for key, value in overrides.items()}
    model = systems.model("a5", INFO, dtype, changes, classes=classes)
    freeze_others(model, learning_of(model, METHOD))
    return model


@pytest.fixture(scope="module", params=[torch.float64, torch.float32], ids=["float64", "float32"])
def run(request: pytest.FixtureRequest) -> Run:
    model = made(request.param)
    video = systems.video(INFO, request.param)
    with torch.no_grad():
        texts = model.finished(model.encode_classes())
    return Run(request.param == torch.float64, model, video, model.encode_video(video), texts)


def near(found: Tensor, name: str, run: Run, float32: float = 1e-4) -> None:
    systems.near(found, GOLDEN[name], 1e-6 if run.exact else float32)


def features(key: str) -> Tensor:
    """Stored features of frames (B, T, E)."""
    shape = tuple(INFO[f"{key}_features_shape"])
    return torch.from_numpy(goldens.convention.stream(INFO[f"{key}_features_key"]).standard_normal(shape)).float()


def test_weights_video_and_labels_are_those_of_the_convention(run: Run) -> None:
    systems.check_probes(GOLDEN, run.model.state_dict())
    goldens.check_video(GOLDEN, run.video)
    assert GOLDEN["labels"].tolist() == LABELS.tolist()


def test_names_go_to_the_tokenizer_as_they_are_listed() -> None:
    assert np.array_equal(token_rows(class_prompts(METHOD, INFO["classes"]), {}, 77).numpy(), GOLDEN["name_tokens"])


@pytest.mark.parametrize(("prefix", "overrides"), [("", {}), ("len4_8/", {"text_before": 4, "text_after": 8})])
def test_texts_are_laid_out_around_the_names(prefix: str, overrides: dict[str, object]) -> None:
    rows = made(torch.float32, **overrides).tokens
    padded = F.pad(rows.clamp(min=0), (0, 77 - rows.shape[1]))
    assert np.array_equal(padded.numpy(), GOLDEN[f"{prefix}sequence_tokens"])


@torch.no_grad()
def test_every_row_of_a_text_is_its_tokens_or_the_tables(run: Run) -> None:
    ids = F.pad(run.model.tokens, (0, 77 - run.model.tokens.shape[1]))  # (C, 77)
    places = torch.arange(77).expand(len(ids), -1)
    ids = torch.where(places > ids.argmax(dim=1, keepdim=True), LEARNED, ids)  # nothing reads these
    rows = Rows(ids.flatten(), torch.arange(len(ids)).repeat_interleave(77), places.flatten())
    embedded = put(run.model, rows, F.embedding(rows.ids.clamp(min=0), run.model.token_embedding.weight))
    near(embedded.norm(dim=1).view(-1, 77), "text_input_norm", run)


@torch.no_grad()
def test_features_are_the_authors(run: Run) -> None:
    near(run.texts, "text_features", run)
    near(run.seen.frames, "frame_features", run)
    near(made(run.video.dtype, pool_blocks=1).temporal(run.seen.frames), "temporal_block1", run)
    near(run.model.temporal(run.seen.frames), "temporal_block2", run)
    near(run.model.composition.pool.pool(run.seen.frames, run.model.temporal), "video_features", run)


def test_logits_loss_and_gradients_are_the_authors(run: Run) -> None:
    run.model.zero_grad()
    logits = run.model(run.video)
    loss = F.cross_entropy(logits, LABELS)
    near(logits, "logits", run, 1e-5)
    near(loss, "loss", run, 1e-5)
    loss.backward()
    check_gradients(run, run.model, "")
    for name in (name for name in GOLDEN if name.startswith("grad/") and "prompt_table" not in name):
        gradient = run.model.get_parameter(name.removeprefix("grad/")).grad
        assert gradient is not None
        near(gradient, name, run)
    table = run.model.prompt_table.grad
    for row in (1, 16, 20, 30):
        near(table[row], f"grad/prompt_table.{row}", run)
    norms, expected = table.double().norm(dim=1).numpy(), GOLDEN["grad/prompt_table_row_l2"]
    assert np.array_equal(norms == 0, expected == 0)
    assert np.allclose(norms, expected, rtol=1e-7 if run.exact else 1e-4, atol=0 if run.exact else 1e-7)


def check_gradients(run: Run, model: ClipVideo, prefix: str) -> None:
    names, norms = GOLDEN[f"{prefix}grad_names"], GOLDEN[f"{prefix}grad_l2"]
    systems.check_gradients(model, names, norms, 1e-7 if run.exact else 1e-4, GOLDEN["frozen_names"])


def test_exactly_the_table_and_the_blocks_are_trained(run: Run) -> None:
    trained = {name for name, parameter in run.model.named_parameters() if parameter.requires_grad}
    assert trained == set(ADDED)
    assert set(run.model.state_dict()) - trained == set(GOLDEN["frozen_names"].tolist())
    assert not run.seen.frames.requires_grad  # the image tower has no graph


def test_one_block_gives_the_authors_numbers(run: Run) -> None:
    model = made(run.video.dtype, pool_blocks=1)
    logits = model.compare(run.seen, model.encode_classes())
    loss = F.cross_entropy(logits, LABELS)
    near(logits, "one_block/logits", run, 1e-5)
    near(loss, "one_block/loss", run, 1e-5)
    loss.backward()
    check_gradients(run, model, "one_block/")


@torch.no_grad()
def test_four_and_eight_vectors_give_the_authors_numbers(run: Run) -> None:
    model = made(run.video.dtype, text_before=4, text_after=8)
    texts = model.finished(model.encode_classes())
    near(texts, "len4_8/text_features", run)
    near(model.compare(run.seen, texts), "len4_8/logits", run, 1e-5)


@pytest.fixture(scope="module")
def of_batch(run: Run) -> ClipVideo:
    """The model over the classes of `batch_list`."""
    return made(run.video.dtype, INFO["batch_list"])


def seen_as(frames: Tensor) -> VisionOutput:
    """Features of frames (B, T, E) as if the image tower had made them."""
    return VisionOutput(frames, *[None] * (len(VisionOutput._fields) - 1))


class OfFeatures(Learner):
    """A learner whose clips are features of frames (B, T, E)."""

    def logits(self, clips: Tensor, classes: ClassTexts, at: Moment) -> Tensor:
        return self.model.compare(seen_as(clips), classes)


@functools.cache
def batch(dtype: torch.dtype) -> Batch:
    """The stored training batch, labelled by `batch_list`."""
    labels = [INFO["batch_list"].index(name) for name in INFO["batch_names"]]
    return Batch(features("batch").to(dtype), torch.tensor(labels), INFO["batch_names"])


def objective(model: ClipVideo, most: int | None) -> CrossEntropy:
    settings = METHOD.recipe.objective.model_copy(update={"most_classes": most})
    labels = batch(model.logit_scale.dtype).labels.tolist()
    return make(settings, OfFeatures(model, CPU, "fp32", labels_of_step=lambda at: labels))


def begun_with(training: CrossEntropy, classes: list[str]) -> Shared:
    """A step that has drawn the stored classes."""
    wanted = {INFO["batch_list"].index(name) for name in classes}
    for seed in itertools.count():
        shared = training.begin(Moment(seed, 0, 0))
        assert shared.places is not None
        if set(shared.places.ge(0).nonzero().flatten().tolist()) == wanted:
            return shared
    raise AssertionError


def test_a_step_over_some_classes_is_the_authors(run: Run, of_batch: ClipVideo) -> None:
    training, examples = objective(of_batch, len(INFO["batch_classes"])), batch(run.video.dtype)
    shared = begun_with(training, INFO["batch_classes"])
    columns = shared.places[[INFO["batch_list"].index(name) for name in INFO["batch_classes"]]]  # in the stored order
    logits = training.learner.logits(examples.clips, shared.texts.cut, Moment(0, 0, 0))
    near(logits[:, columns], "batch/logits", run, 1e-5)
    targets = (shared.places[examples.labels][:, None] == columns).nonzero()[:, 1]
    assert targets.tolist() == GOLDEN["batch/targets"].tolist()
    loss, hits = training.loss(shared, examples, Moment(0, 0, 0))
    near(loss, "batch/loss", run, 1e-5)
    assert hits == (logits[:, columns].argmax(1) == targets).sum()
    loss.backward()
    training.end(shared)
    check_gradients(run, of_batch, "batch/")
    of_batch.zero_grad()


@torch.no_grad()
def test_five_samplings_of_a_video_are_one_mean_of_probabilities(run: Run, of_batch: ClipVideo) -> None:
    seen = seen_as(features("views").to(run.video.dtype))
    logits = of_batch.compare(seen, of_batch.finished(of_batch.encode_classes()))  # (5 * 2, C), pass by pass
    scores = probabilities(logits).view(5, 2, -1).mean(dim=0)
    near(scores, "views/scores", run, 1e-5)
    labels = np.array([INFO["batch_list"].index(name) for name in INFO["views_names"][:2]])
    found = [accuracy(scores.numpy(), labels), accuracy(scores.numpy(), labels, 5)]
    assert found == pytest.approx((100 * GOLDEN["views/top1_top5"]).tolist())


def test_four_optimizer_steps_over_all_classes_are_the_authors(run: Run, of_batch: ClipVideo) -> None:
    training, examples, learning = objective(of_batch, 400), batch(run.video.dtype), learning_of(of_batch, METHOD)
    optimizer = make_optimizer(
        learning.trained, METHOD.recipe.optimizer, of_batch.new_names, learning.factors, learning.undecayed
    )
    start, schedule = {name: p.detach().clone() for name, p in learning.trained.items()}, METHOD.recipe.schedule
    for step, expected in enumerate(GOLDEN["steps/loss"]):
        set_rates(optimizer, 1e-4, lambda base, t=step: rate_at(t, base=base, lr_min=1e-6, period=schedule.period))
        shared = training.begin(Moment(0, 0, step))
        loss, _ = training.loss(shared, examples, Moment(0, 0, step))
        if step == 0:
            near(
                training.learner.logits(examples.clips, shared.texts.cut, Moment(0, 0, 0)),
                "batch_all/logits",
                run,
                1e-5,
            )
            near(loss, "batch_all/loss", run, 1e-5)
        assert loss.item() == pytest.approx(expected, rel=1e-12 if run.exact else 1e-5)
        loss.backward()
        training.end(shared)
        optimizer.step()
        optimizer.zero_grad()
    for name, change in zip(GOLDEN["steps/param_names"], GOLDEN["steps/change_l2"], strict=True):
        moved = (learning.trained[name].detach() - start[name]).double().norm().item()
        assert moved == pytest.approx(change, rel=1e-10 if run.exact else 1e-2), name
    ratios = of_batch.prompt_table[60].detach() / start["prompt_table"][60]
    with torch.no_grad():  # for the other tests of this model
        for name, parameter in learning.trained.items():
            parameter.copy_(start[name])
    assert [ratios.min().item(), ratios.max().item()] == pytest.approx(
        GOLDEN["steps/prompt_table.60"].tolist(), rel=1e-12 if run.exact else 1e-6
    )


def test_learning_rates_are_the_authors() -> None:
    period = METHOD.recipe.schedule.period
    found = [rate_at(int(step), base=1e-4, lr_min=1e-6, period=period) for step in GOLDEN["lr/steps"]]
    assert np.allclose(found, GOLDEN["lr/values"], rtol=1e-12, atol=0)


class Extreme:
    """Draws that are all the lowest or all the highest."""

    def __init__(self, highest: bool) -> None:
        self.highest = highest

    def integers(self, low: int, high: int) -> int:
        return high - 1 if self.highest else low


@pytest.mark.parametrize("name", [name for name in GOLDEN if name.startswith("sampling/")])
def test_frames_are_consecutive_ones_of_a_thinned_video(name: str) -> None:
    frames, rate, highest = (int(part[1:]) for part in name.removeprefix("sampling/").split("_"))
    assert drawn([rate], frames, 16, Extreme(bool(highest))).tolist() == GOLDEN[name].tolist()  # type: ignore[arg-type]
