"""X-CLIP's kinds: what they cost and start as, what they refuse, and what they leave out."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from small_models import CLASSES, VIT_B16, backbone, same_when_computed_twice, small
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from tcclip.bench.arithmetic import macs, parameters
from tcclip.errors import UserError
from tcclip.models import Backbone, BackboneConfig, build, canonical_state, ensemble, skeleton
from tcclip.models.clip_video import ClipVideo
from tcclip.params import load_method
from tcclip.training.trained import learning_of

VIDEO = torch.randn(2, 4, 3, 32, 32, generator=torch.Generator().manual_seed(0))
TEXTS = torch.tensor([[49406, *range(1, 76), 49407]])
METHODS = ["x_clip", "x_clip-common"]


@pytest.mark.parametrize("method", METHODS)
def test_parameters_at_vit_b16_are_those_counted_in_the_authors_code(method: str) -> None:
    settings = load_method(method)
    assert parameters(settings, VIT_B16, 16) == 169_636_353
    assert parameters(settings, VIT_B16, 32) == 169_636_353 + 16 * 512  # the table of the multi-frame integration alone
    trained = learning_of(skeleton(settings, VIT_B16, TEXTS, 16), settings).trained
    assert sum(parameter.numel() for parameter in trained.values()) == 131_505_152


def test_multiply_accumulates_are_those_counted_in_the_authors_code() -> None:
    method, text = load_method("x_clip"), 2.98
    plain = {"vision": "none", "pool": "mean", "look": "none"}

    def giga(classes: int = 1, frames: int = 16, **changes: Any) -> float:
        return macs(load_method("x_clip", changes), VIT_B16, frames, classes) / 1e9

    assert giga(pool="mean", look="none") - text == pytest.approx(282.16, abs=0.01)
    assert giga(look="none") - giga(pool="mean", look="none") == pytest.approx(0.05, abs=0.005)
    one, few, many = (giga(classes) - giga(look="none") for classes in (1, 51, 400))
    assert [one - 1.23, few - 1.23, many - 1.23] == pytest.approx([0.21, 0.49, 2.46], abs=0.01)
    assert giga() == pytest.approx(286.63, abs=0.01) and giga(400) - text == pytest.approx(285.90, abs=0.01)
    assert giga(frames=32, look="none") - text + 2 * 1.23 == pytest.approx(566.89, abs=0.02)
    assert giga(**plain) == macs(load_method("vifi_clip"), VIT_B16, 16) / 1e9
    assert method.look.kind == "patches"


def test_new_weights_start_as_in_the_authors_code() -> None:
    config = BackboneConfig(32, 8, 128, 2, 2, 64, 2, 2, 128)
    start = build(load_method("x_clip"), Backbone.random(config), CLASSES, 4).state_dict()
    even = {"message.0.proj.weight": 128**-0.5, "message.1.proj.bias": 128**-0.5}  # uniform within +- this
    even |= {"message.0.attn.out_proj.weight": 128**-0.5, "message.0.attn.in_proj_weight": (6 / 512) ** 0.5}
    even |= {"mit.resblocks.0.attn.in_proj_weight": (6 / 512) ** 0.5}
    for name, bound in even.items():
        assert 0.95 * bound < start[name].abs().max() <= bound, name
        assert start[name].std().item() == pytest.approx(bound / 3**0.5, rel=0.15), name
    block = ["attn.out_proj.weight", "mlp.c_fc.weight", "mlp.c_proj.weight"]
    prompts = ["cross_attn.in_proj_weight", "cross_attn.out_proj.weight", "mlp.c_fc.weight", "mlp.c_proj.weight"]
    normal = ["mit.positional_embedding", *(f"mit.resblocks.0.{name}" for name in block)]
    for name in normal + [f"prompt.{number}.{name}" for number in (0, 1) for name in prompts]:
        assert start[name].std().item() == pytest.approx(0.02, rel=0.1) and start[name].abs().max() > 0.05, name
    assert start["prompt.patch_proj"].std().item() == pytest.approx(1, rel=0.05)
    assert start["prompt.alpha"].eq(0.1).all()
    added = {name for name in start if name.startswith(("message", "mit", "prompt"))}
    zeros = {name for name in added if name.endswith("bias")} - {f"message.{i}.proj.bias" for i in range(2)}
    assert all(not start[name].any() for name in zeros)
    norms = {name for name in added if "ln" in name.split(".")[-2] and name.endswith("weight")}
    assert len(norms) == 2 + 2 + 2 + 4 and all(start[name].eq(1).all() for name in norms)
    assert "prompt.0.cross_attn.in_proj_bias" not in start


@pytest.mark.parametrize("frames", [1, 3, 5])
def test_a_model_is_bound_to_the_frames_that_it_is_built_for(frames: int) -> None:
    with pytest.raises(UserError, match=f"for videos of 4 frames and this one has {frames}"):
        small("x_clip")(VIDEO[:, [0] * frames])


@torch.no_grad()
def test_the_order_of_frames_reaches_the_logits_through_the_table_of_positions_alone() -> None:
    model = small("x_clip").double()
    clip = VIDEO.double()
    assert not torch.allclose(model(clip), model(clip.flip(1)), atol=1e-6)
    model.mit.positional_embedding.zero_()
    assert torch.allclose(model(clip), model(clip.flip(1)), atol=1e-12)


class Largest(TorchDispatchMode):
    """The most numbers of a tensor that an operation makes."""

    def __init__(self) -> None:
        super().__init__()
        self.numbers = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        for tensor in made if isinstance(made, tuple | list) else (made,):
            if isinstance(tensor, Tensor):
                self.numbers = max(self.numbers, tensor.numel())
        return made


def test_no_tensor_has_a_row_for_every_class_and_patch_of_a_video() -> None:
    classes, patches, videos = 600, 100, 2
    config = BackboneConfig(80, 8, 16, 2, 1, 16, 2, 1, 16)
    texts = {f"c{n}": [49406, 1 + n, 49407] for n in range(classes)}
    model = build(load_method("x_clip"), Backbone(config, Backbone.random(config).tensors, texts), list(texts), 2)
    patch = torch.randn(videos, 2, patches, 16, requires_grad=True)
    given = torch.randn(classes, 16, requires_grad=True)
    with Largest() as seen:
        model.prompt(given, patch).sum().backward()
    assert videos * classes * 16 <= seen.numbers < videos * classes * patches


@pytest.mark.parametrize("changes", [{}, {"look": "none"}, {"vision": "none"}], ids=str)
def test_layers_that_are_computed_twice_change_no_gradient(changes: dict[str, Any]) -> None:
    assert same_when_computed_twice("x_clip", changes, VIDEO)


@torch.no_grad()
def test_bf16_gives_float32_logits_near_those_of_float32() -> None:
    model: ClipVideo = small("x_clip")
    exact = model(VIDEO)
    with torch.autocast("cpu", torch.bfloat16):
        half = model(VIDEO)
    assert half.dtype == torch.float32 and (half - exact).abs().max() < 0.02 * exact.abs().max()


def test_an_ensemble_mixes_clips_weights_and_leaves_the_new_ones_as_trained() -> None:
    clip, tuned = backbone().tensors, {name: tensor + 1 for name, tensor in canonical_state(small("x_clip")).items()}
    start = ensemble(clip, tuned, 0.0)
    for name, tensor in tuned.items():
        is_new = name.startswith(("message.", "mit.", "prompt."))
        assert start[name].equal(tensor if is_new else clip[name]), name


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"vision.bias": True}, "vision.bias true does not go with vision.kind 'messages'"),
        ({"text.kind": "coop", "text.prompt": "a photo of a {name}."}, "look 'patches' is at finished texts"),
        ({"pool.blocks": 0}, "pool.blocks"),
        ({"look.layers": 0}, "look.layers"),
    ],
)
def test_what_cannot_work_together_is_refused(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        load_method("x_clip", changes)


def test_the_own_recipe_is_the_published_one() -> None:
    method, keys = load_method("x_clip"), ("frames", "epochs", "warmup_epochs", "lr", "total_batch")
    of = {name: [values[key] for key in keys] for name, values in method.protocols.items() if name != "base_to_novel"}
    assert of["fully_supervised"] == [16, 30, 5, 8e-6, 256] and of["few_shot"] == [32, 50, 5, 2e-6, 64]
    assert of["zero_shot"] == [32, 10, 5, 8e-6, 256]
    for values in method.protocols.values():
        assert values["select"] == {"kind": "last"} and values["views"] == {"temporal": 4, "spatial": 3}
    assert not method.names.split_camel_case and not method.names.underscores_to_spaces
    assert method.recipe.augmentation.flip_sided and method.train.decay == "no_positions"
