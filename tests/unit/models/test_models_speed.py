"""What makes the models fast or small changes no number: classes once per step, checkpoints, compilation, autocast."""

from __future__ import annotations

import pytest
import torch
from operations import WAITING, Operations
from small_models import CONFIG, backbone, small
from torch import Tensor

from tcclip.bench import plain
from tcclip.models import build
from tcclip.models.class_part import ClassPart
from tcclip.models.clip_video import ClipVideo
from tcclip.models.vision.layers import Beside, last_layer, layer
from tcclip.params import load_method
from tcclip.params.kinds.axis import kinds_of

METHODS = ["tc_clip", "vifi_clip", "a5"]


def videos(count: int = 4, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.randn(count, 4, 3, 32, 32, generator=torch.Generator().manual_seed(1), dtype=dtype)


def loss(model: ClipVideo, logits: Tensor) -> Tensor:
    return torch.nn.functional.cross_entropy(logits, torch.arange(len(logits)) % 3, reduction="sum")


def gradients(model: ClipVideo) -> dict[str, Tensor]:
    found = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
    model.zero_grad()
    return found


def assert_equal(first: dict[str, Tensor], second: dict[str, Tensor]) -> None:
    assert first.keys() == second.keys()
    for name, gradient in first.items():
        assert torch.allclose(gradient, second[name], rtol=1e-10, atol=1e-13), name


@pytest.mark.parametrize("method", METHODS)
def test_classes_once_per_step_give_the_gradient_of_classes_in_every_micro_batch(method: str) -> None:
    model = small(method).double()
    for part in videos().split(2):
        loss(model, model(part)).backward()
    expected = gradients(model)
    shared = ClassPart.of(model)
    for part in videos().split(2):
        loss(model, model(part, shared.cut)).backward()
    shared.backward()
    assert_equal(gradients(model), expected)


@pytest.mark.parametrize("method", ["tc_clip", "vifi_clip"])
def test_under_autocast_gradients_of_many_micro_batches_are_added_up_in_float32(method: str) -> None:
    model = small(method)

    def of_last_text_layer(micro_batches: int) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            shared = ClassPart.of(model)
            found = loss(model, model(videos(2, torch.float32), shared.cut))
        for _ in range(micro_batches):
            found.backward(retain_graph=True)
        shared.backward()
        return gradients(model)["transformer.resblocks.2.attn.in_proj_weight"]

    once, often = of_last_text_layer(1), of_last_text_layer(128)
    assert (often / 128 - once).norm() < 2e-3 * once.norm()  # a sum in bfloat16 is a fifth off, or more


def test_the_text_layers_are_entered_once_per_step() -> None:
    model = small("tc_clip")
    calls = []
    model.transformer.blocks[0].ln_1.register_forward_hook(lambda *_: calls.append(1))
    classes = ClassPart.of(model).cut
    for part in videos(dtype=torch.float32).split(1):
        model(part, classes)
    assert len(calls) == 1


@pytest.mark.parametrize("method", METHODS)
def test_texts_finished_once_give_the_same_logits_to_the_bit(method: str) -> None:
    model, clips = small(method), videos(dtype=torch.float32)
    with torch.inference_mode():
        readers = model.encode_classes()
        assert model(clips, model.finished(readers)).equal(model(clips, readers))


@pytest.mark.parametrize("method", METHODS)
def test_a_layer_of_all_texts_is_one_attention(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model, calls = small(method), []
    fused = torch.nn.functional.scaled_dot_product_attention

    def counted(*parts: Tensor, **options: object) -> Tensor:
        calls.append(options)
        return fused(*parts, **options)

    monkeypatch.setattr(torch.nn.functional, "scaled_dot_product_attention", counted)
    model.encode_classes()
    assert calls == [{"is_causal": True}] * (CONFIG.text_layers - 1)  # of the last layer [EOT] alone is read


@pytest.mark.parametrize("method", METHODS)
def test_activation_checkpoints_change_no_gradient(method: str) -> None:
    model = small(method).double()
    loss(model, model(videos())).backward()
    expected = gradients(model)
    model.visual.recompute = True
    loss(model, model(videos())).backward()
    assert_equal(gradients(model), expected)


def test_activation_checkpoints_keep_less() -> None:
    kept = {}
    for checkpoint in (False, True):
        model = small("tc_clip")
        model.visual.recompute = checkpoint
        sizes: list[int] = []
        with torch.autograd.graph.saved_tensors_hooks(lambda t, s=sizes: s.append(t.numel()) or t, lambda t: t):
            model(videos(dtype=torch.float32))
        kept[checkpoint] = sum(sizes)
    assert kept[True] < kept[False] / 2


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("training", [False, True])
def test_the_forward_pass_compiles_to_one_graph(method: str, training: bool) -> None:
    model = small(method, layers=2)  # the last layer is another function than those before it
    torch.compiler.reset()  # whatever was compiled before
    compiled = torch.compile(model, backend="eager", fullgraph=True)
    clip = videos(2, torch.float32)
    with torch.set_grad_enabled(training):
        assert torch.allclose(compiled(clip), model(clip), atol=1e-5)


def choices(key: str) -> tuple[str, ...]:
    return tuple(kinds_of(key))


STEPS: list[tuple[str, dict[str, str]]] = [
    ("vifi_clip", {}),
    *(("vifi_clip", {"vision.ref": ref}) for ref in ("cls", "adjacent", "all")),
    *(("tc_clip", {"text.mode": mode}) for mode in ("coop", "vp_cls", "late_fusion")),
    *(("tc_clip", {f"tc.{key}": name}) for key in ("selector", "summarizer") for name in choices(key)),
]


@pytest.mark.parametrize(("method", "overrides"), STEPS, ids=str)
def test_a_step_never_waits_for_a_number_from_the_device(method: str, overrides: dict[str, str]) -> None:
    model, clip = small(method, overrides), videos(2, torch.float32)
    with Operations() as operations:
        loss(model, model(clip)).backward()
    assert not operations.names & WAITING


@pytest.mark.parametrize("training", [False, True])
def test_no_attention_map_of_the_frames_is_ever_made(training: bool) -> None:
    model, clip = small("tc_clip"), videos(2, torch.float32)
    tokens, context = 1 + CONFIG.patches, 5
    maps = {(tokens, tokens), (tokens, tokens + context)}
    with torch.set_grad_enabled(training), Operations() as operations:
        logits = model(clip)
        if training:
            loss(model, logits).backward()
    assert not {tuple(shape[-2:]) for shape in operations.shapes} & maps
    with torch.no_grad(), Operations() as operations:  # the same written down without savings does make them
        tc = load_method("tc_clip", {"tc.k": context, "tc.alpha": 0.5}).tc
        assert tc is not None
        plain.vision(model.state_dict(), CONFIG, tc, clip)
    assert {tuple(shape[-2:]) for shape in operations.shapes} >= maps


def test_videos_times_classes_cost_one_row_each_and_not_a_text() -> None:
    count, classes = 4, 200
    model = build(load_method("tc_clip"), backbone(), [f"class number {i}" for i in range(classes)], 4)
    seen, once = model.encode_video(videos(count, torch.float32)), ClassPart.of(model).cut
    with Operations() as operations:
        model.encode_text(seen, once).sum().backward()
    largest = max(shape.numel() for shape in operations.shapes)
    length, width = model.tokens.shape[1], CONFIG.text_width
    assert largest == count * classes * 4 * width < count * classes * length * width


HALF = pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=["bf16", "fp16"])


@HALF
@pytest.mark.parametrize(
    ("method", "overrides"), [step for step in STEPS if any(key.startswith("tc.") for key in step[1])]
)
def test_half_precision_takes_the_same_decisions_every_time(
    method: str, overrides: dict[str, str], dtype: torch.dtype
) -> None:
    first, second = (decisions(small(method, overrides), dtype) for _ in range(2))
    assert len(first) == 2 * 3
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


@torch.no_grad()
def decisions(model: ClipVideo, dtype: torch.dtype) -> list[Tensor]:
    """Seeds and groups of every layer, the last one as the model runs it."""
    tower, found = model.visual, []
    draws = None if tower.fixed_draws is None else tower.fixed_draws.expand(4, -1, -1)
    with torch.autocast("cpu", dtype):
        tokens, context = tower.embed(videos(dtype=torch.float32)), None
        for number, (block, bias) in enumerate(zip(tower.transformer.blocks, model.biases(), strict=True)):
            run = last_layer if number + 1 == len(tower.transformer.blocks) else layer
            drawn = None if draws is None else draws[:, number]
            output = run(block, tokens, Beside(context, bias=bias), tower.exchange.recipe, drawn)
            tokens, context = output.tokens, output.context
            assert output.seeds is not None and output.group is not None
            found += [output.seeds, output.group]
    return found
