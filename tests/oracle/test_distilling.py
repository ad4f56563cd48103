"""FROSTER's objective and its texts against their equations, on random weights: values and gradients, float64."""

from __future__ import annotations

from dataclasses import dataclass

import distilling as oracle
import pytest
import torch
from sizes import Sizes
from small_models import shaken

from tcclip.models import Backbone, BackboneConfig, build
from tcclip.params import load_method
from tcclip.params.kinds.make import make
from tcclip.training.batches import Batch
from tcclip.training.objective.objective import Learner, Moment, added_by

SMALL = BackboneConfig(24, 8, 32, 2, 3, 16, 2, 3, 16)
WIDE = BackboneConfig(16, 8, 24, 3, 2, 32, 2, 2, 64)  # E is not the texts' width
NAMES = ("ApplyEyeMakeup", "run", "brush_hair")
TEXTS = {
    "rephrased": dict(
        zip(NAMES, [("Make up: Colour on lids: bright",), ("Run: on foot",), ("Hair: comb it",)], strict=True)
    )
}
PROMPTS = ["a photo of {name}.", "a video of a person {name}.", "{name}, again"]


@dataclass(frozen=True)
class Drawn(Learner):
    """A learner whose steps read one form and the last one."""

    form: int = 0

    def forms(self, at: Moment) -> tuple[int, ...]:
        """That form."""
        return self.form, len(PROMPTS)


@pytest.mark.parametrize(
    ("config", "videos", "frames", "micro", "form"),
    [(SMALL, 2, 3, 1, 0), (WIDE, 2, 2, 2, 2), (SMALL, 1, 1, 1, 1), (WIDE, 4, 2, 2, 1)],
)
def test_losses_and_gradients_equal_the_equations(
    config: BackboneConfig, videos: int, frames: int, micro: int, form: int
) -> None:
    changes = {"text.prompts": PROMPTS, "recipe.label_smoothing": 0, "recipe.mixup": None}
    changes |= {"recipe.objective.distill_weight": 1.5, "recipe.objective.residual": 0.3}
    method, clip = load_method("froster-common", changes), Backbone.random(config)
    added = added_by(method.recipe.objective, config)
    model = shaken(build(method, clip, NAMES, frames, texts=TEXTS, added=added).double())
    numbers, side = torch.Generator().manual_seed(4), config.image_size
    clips = torch.randn(videos, frames, 3, side, side, generator=numbers, dtype=torch.float64)
    labels = torch.tensor([2, 0, 1, 2])[:videos]
    objective = make(method.recipe.objective, Drawn(model, torch.device("cpu"), "fp32", lambda: clip, form=form))
    shared, fast = objective.begin(Moment(0, 0, 0)), torch.zeros((), dtype=torch.float64)
    for part, wanted in zip(clips.split(micro), labels.split(micro), strict=True):
        loss, _ = objective.loss(shared, Batch(part, wanted, [""] * micro), Moment(0, 0, 0))
        (loss * micro / videos).backward()
        fast += loss.detach() * micro / videos
    objective.end(shared)

    weights = {name: weight.detach().clone().requires_grad_() for name, weight in model.named_parameters()}
    theirs = {name: weight.double() for name, weight in clip.tensors.items()}
    rows = [row[: int(row.argmax()) + 1].tolist() for row in model.tokens.view(len(PROMPTS) + 1, 3, -1).flatten(0, 1)]
    texts = [[rows[3 * form + label], rows[3 * len(PROMPTS) + label]] for label in range(3)]
    sizes = Sizes(config.patch_size, config.vision_heads, config.text_heads, config.vision_layers, config.text_layers)
    slow = oracle.loss(weights, theirs, sizes, clips, labels.tolist(), texts, 1.5, 0.3)
    slow.backward()
    assert torch.allclose(fast, slow, rtol=1e-11, atol=1e-12)
    for name, parameter in model.named_parameters():
        found, expected = parameter.grad, weights[name].grad
        assert found is not None and expected is not None, name  # everything is trained
        assert torch.allclose(found, expected, rtol=1e-8, atol=1e-11), name


@pytest.mark.parametrize("config", [SMALL, WIDE])
def test_a_test_averages_all_forms_of_a_class(config: BackboneConfig) -> None:
    method = load_method("froster-common", {"text.prompts": PROMPTS})
    model = shaken(build(method, Backbone.random(config), NAMES, 2, texts=TEXTS).double())
    rows = [row[: int(row.argmax()) + 1].tolist() for row in model.tokens]
    sizes = Sizes(config.patch_size, config.vision_heads, config.text_heads, config.vision_layers, config.text_layers)
    with torch.no_grad():
        found = model.finished(model.encode_classes())
        weights = model.state_dict()
        for label in range(3):
            assert torch.allclose(found[label], oracle.class_feature(weights, sizes, rows[label::3]), atol=1e-12)
