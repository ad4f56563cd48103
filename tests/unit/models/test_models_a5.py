"""A5's prompt table, temporal blocks and what is frozen: sizes, first values, names that do not fit, precision."""

from __future__ import annotations

import pytest
import torch
from small_models import CONFIG, VIT_B16, backbone

from tcclip.bench.arithmetic import macs, parameters
from tcclip.errors import UserError
from tcclip.models import Backbone, build, canonical_state, ensemble
from tcclip.models.canonical import END, START, canonical_shapes
from tcclip.models.clip_video import ClipVideo
from tcclip.params import load_method
from tcclip.training.optimizer import make_optimizer
from tcclip.training.trained import freeze_others, learning_of

NAMES = {f"name of {count}": [START, *range(1000, 1000 + count), END] for count in (1, 2, 43, 44)}
METHOD = load_method("a5")


def made(*counts: int, frames: int = 4) -> ClipVideo:
    """A model over names of so many tokens."""
    named = Backbone(CONFIG, backbone().tensors, NAMES)
    return build(METHOD, named, [f"name of {count}" for count in counts], frames)


@pytest.mark.parametrize(
    ("blocks", "whole", "trained", "giga"),
    [(1, 127_523_841, 3_200_000, 281.07), (2, 130_676_225, 6_352_384, 281.12)],
)
def test_sizes_are_the_published_ones_to_the_unit(blocks: int, whole: int, trained: int, giga: float) -> None:
    method = load_method("a5", {"pool.blocks": blocks})
    assert parameters(method, VIT_B16, 16) == whole
    tensors = {name: torch.empty(shape, device="meta") for name, shape in canonical_shapes(VIT_B16).items()}
    model = build(method, Backbone(VIT_B16, tensors, NAMES), ["name of 1"], 16)
    assert sum(p.numel() for p in learning_of(model, method).trained.values()) == trained
    one_text = 12 * (12 * 77 * 512**2 + 2 * 77**2 * 512) + 512 * 512
    assert round((macs(method, VIT_B16, 16) - one_text) / 1e9, 2) == giga


def test_a_name_of_43_tokens_fits_and_one_more_is_refused_with_the_name() -> None:
    assert made(1, 43).tokens.shape == (2, 77)
    with pytest.raises(UserError, match=r"'name of 44' has 46 tokens and .* is 77, of which 32 are learned vectors"):
        made(1, 44)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"text.before": 60, "text.after": 16}, "leave no room for a name in text.context_length 77"),
        ({"text.before": 0, "text.after": 0}, "text.before and text.after are both 0"),
        ({"text.prompt": "a photo of a {name}."}, "text.kind 'table' does not go with text.prompt"),
        ({"pool.blocks": 3}, "pool.*blocks"),
    ],
)
def test_what_cannot_be_is_refused_with_the_keys(changes: dict[str, object], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        load_method("a5", changes)


def test_first_values_are_the_published_ones() -> None:
    state, width = made(1).state_dict(), CONFIG.embed_dim
    for name in ("prompt_table", "temporal.positional_embedding"):
        assert state[name].std().item() == pytest.approx(0.01, rel=0.2)
    for block in ("temporal.resblocks.0.", "temporal.resblocks.1."):
        bounds = {
            "attn.in_proj_weight": (6 / (4 * width)) ** 0.5,
            "attn.out_proj.weight": width**-0.5,
            "mlp.c_fc.weight": width**-0.5,
            "mlp.c_fc.bias": width**-0.5,
            "mlp.c_proj.weight": (4 * width) ** -0.5,
            "mlp.c_proj.bias": (4 * width) ** -0.5,
        }
        for name, bound in bounds.items():
            assert 0.8 * bound < state[block + name].abs().max().item() <= bound, name
        for name in ("attn.in_proj_bias", "attn.out_proj.bias", "ln_1.bias", "ln_2.bias"):
            assert not state[block + name].any()
        assert state[f"{block}ln_1.weight"].eq(1).all() and state[f"{block}ln_2.weight"].eq(1).all()


def test_all_that_is_trained_is_one_group_with_one_rate_and_decay_and_no_ensemble_mixes_it() -> None:
    model = made(1, 2)
    learning = learning_of(model, METHOD)
    optimizer = make_optimizer(
        learning.trained, METHOD.recipe.optimizer, model.new_names, learning.factors, learning.undecayed
    )
    (group,) = optimizer.param_groups
    assert (group["factor"], group["weight_decay"], group["betas"]) == (1.0, 0.01, (0.9, 0.999))
    assert set(learning.trained) == {
        n for n, _ in model.named_parameters() if n.startswith(("prompt_table", "temporal"))
    }
    tuned = {name: tensor + 1 for name, tensor in canonical_state(model).items()}
    mixed = ensemble(backbone().tensors, tuned, 0.5)
    assert all(mixed[name].equal(tuned[name]) for name in learning.trained)
    assert mixed["visual.proj"].allclose(backbone().tensors["visual.proj"] + 0.5)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
def test_a_step_reaches_the_table_and_the_blocks_alone_and_images_keep_no_graph(dtype: torch.dtype) -> None:
    model = made(1, 2)
    freeze_others(model, learning_of(model, METHOD))
    saved: list[torch.Tensor] = []
    with torch.autocast("cpu", dtype, enabled=dtype != torch.float32):
        with torch.autograd.graph.saved_tensors_hooks(lambda t: (saved.append(t), t)[1], lambda t: t):
            seen = model.encode_video(torch.randn(2, 4, 3, 32, 32))
        assert not saved and not seen.frames.requires_grad
        logits = model.compare(seen, model.encode_classes())
    assert logits.dtype == torch.float32
    logits[:, 0].sum().backward()
    reached = {name for name, p in model.named_parameters() if p.grad is not None}
    assert reached == set(learning_of(model, METHOD).trained)


def test_another_number_of_frames_is_refused() -> None:
    with pytest.raises(UserError, match="for videos of 4 frames and this one has 3"):
        made(1)(torch.randn(1, 3, 3, 32, 32))


def test_a_step_compiles_to_one_graph_where_the_image_tower_is_frozen() -> None:
    model, clip = made(1, 2), torch.randn(2, 4, 3, 32, 32)
    freeze_others(model, learning_of(model, METHOD))
    torch.compiler.reset()
    compiled = torch.compile(model, backend="eager", fullgraph=True)
    assert torch.allclose(compiled(clip), model(clip), atol=1e-5)
