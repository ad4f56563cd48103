"""Attention as products of one frame at a time is attention, and is taken where fused attention gains nothing."""

from __future__ import annotations

import pytest
import torch
from small_models import small
from torch import Tensor

from tcclip.models import attention, by_frame
from tcclip.models.clip_video import ClipVideo
from tcclip.process.runtime import autocast

HEADS, WIDTH, SCALE = 3, 16, 0.25
HALF_UNIT = 2.0**-8  # of bfloat16's 8 bits
Parts = tuple[Tensor, Tensor, Tensor]


@pytest.fixture
def on_avx512(monkeypatch: pytest.MonkeyPatch) -> None:
    """A processor that multiplies bfloat16 without AMX, whatever runs the tests, and frames of any size."""
    monkeypatch.setattr(by_frame, "multiplies_bfloat16", lambda: True)
    monkeypatch.setattr(by_frame, "fused_attention_multiplies_bfloat16", lambda: False)
    monkeypatch.setattr(by_frame, "LOGITS", range(1, 1 << 22))


def parts(queries: int, keys: int, frames: int = 4, dtype: torch.dtype = torch.bfloat16) -> Parts:
    stream = torch.Generator().manual_seed(queries + keys)
    query, key, value = (
        torch.randn(frames, rows, HEADS, WIDTH, generator=stream).to(dtype).transpose(1, 2)
        for rows in (queries, keys, keys)
    )
    return query, key, value


def exact(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None) -> Tensor:
    logits = SCALE * query.double() @ key.double().transpose(2, 3)
    weights = (logits if mask is None else logits + mask.double()).softmax(dim=-1)
    return weights @ value.double()


@pytest.mark.parametrize("mask", [None, "of heads", "of frames", "of both"])
@pytest.mark.parametrize(("queries", "keys"), [(9, 9), (9, 14), (1, 14), (4, 14)])
def test_it_is_attention_but_for_the_rounding_of_logits_and_weights(queries: int, keys: int, mask: str | None) -> None:
    query, key, value = parts(queries, keys)
    of_heads = torch.linspace(-1, 1, HEADS).bfloat16()[None, :, None, None].expand(1, -1, 1, keys)
    of_frames = torch.zeros(len(query), 1, 1, keys, dtype=torch.bfloat16)
    of_frames[0, ..., 0] = of_frames[2, ..., -3:] = -torch.inf
    given = {None: None, "of heads": of_heads, "of frames": of_frames, "of both": of_heads + of_frames}[mask]
    with torch.inference_mode():
        found = by_frame.attention_by_frame(query, key, value, given, SCALE)
    assert found.shape == query.shape
    wrong = (found.double() - exact(query, key, value, given)).abs().max()
    assert wrong <= 4 * HALF_UNIT * value.abs().max()


def test_a_key_that_a_frame_does_not_see_changes_nothing_there() -> None:
    query, key, value = parts(6, 8)
    mask = torch.zeros(len(query), 1, 1, 8, dtype=torch.bfloat16)
    mask[1, ..., 5] = -torch.inf
    other, changed = key.clone(), value.clone()
    other[1, :, 5], changed[1, :, 5] = 100.0, 100.0
    with torch.inference_mode():
        before = by_frame.attention_by_frame(query, key, value, mask, SCALE)
        assert torch.equal(by_frame.attention_by_frame(query, other, changed, mask, SCALE), before)


@pytest.mark.usefixtures("on_avx512")
def test_it_is_taken_for_half_precision_without_gradient_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    query, key, _ = parts(9, 14)
    with torch.inference_mode():
        assert by_frame.is_faster(query, key)
        assert not by_frame.is_faster(query.float(), key.float())
        for few_or_many in (range(9 * 14 * HEADS + 1, 1 << 22), range(1, 9 * 14 * HEADS)):
            monkeypatch.setattr(by_frame, "LOGITS", few_or_many)
            assert not by_frame.is_faster(query, key)
    monkeypatch.setattr(by_frame, "LOGITS", range(1, 1 << 22))
    assert not by_frame.is_faster(query, key), "with gradients"


@pytest.mark.usefixtures("on_avx512")
@pytest.mark.parametrize(
    ("what", "says"), [("fused_attention_multiplies_bfloat16", True), ("multiplies_bfloat16", False)]
)
def test_other_processors_keep_the_fused_attention(what: str, says: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(by_frame, what, lambda: says)
    query, key, _ = parts(9, 14)
    with torch.inference_mode():
        assert not by_frame.is_faster(query, key)


@pytest.mark.usefixtures("on_avx512")
@pytest.mark.parametrize("method", ["tc_clip", "vifi_clip", "open_vclip", "x_clip", "vita_clip", "tc_clip-ordered"])
def test_a_model_is_as_near_to_float32_as_with_fused_attention(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model, frames = small(method), 0

    def counted(*asked: object) -> Tensor:
        nonlocal frames
        frames += 1
        return by_frame.attention_by_frame(*asked)  # type: ignore[arg-type]

    monkeypatch.setattr(attention, "attention_by_frame", counted)
    ours = logits(model, "bf16")
    assert frames > 0
    monkeypatch.setattr(attention, "is_faster", lambda query, key: False)
    single, fused = logits(model, "fp32"), logits(model, "bf16")
    assert (ours - single).abs().mean() <= 2 * (fused - single).abs().mean()


def logits(model: ClipVideo, precision: str) -> Tensor:
    clips = torch.randn(4, 4, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode(), autocast(torch.device("cpu"), precision):
        out: Tensor = model.eval()(clips, model.finished(model.encode_classes()))
    return out
