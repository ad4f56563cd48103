"""TC-CLIP with a time code on its context tokens: it begins as TC-CLIP, and then the order of frames counts."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from small_models import backbone, same_when_computed_twice, shaken, small

from tcclip.attention.record import record
from tcclip.attention.rollout import rollout
from tcclip.errors import UserError
from tcclip.models import canonical_state, ensemble
from tcclip.models.clip_video import ClipVideo
from tcclip.models.vision.context_in_time import mean_code
from tcclip.params import load_method

TC: dict[str, Any] = {"tc.k": 5, "tc.alpha": 0.5}
VIDEO = torch.randn(2, 4, 3, 32, 32, generator=torch.Generator().manual_seed(0))
BACKWARDS = VIDEO.flip(1)
CODE = "tc.time_embedding"


def with_a_code(changes: dict[str, Any] | None = None) -> ClipVideo:
    model: ClipVideo = small("tc_clip-ordered", {**TC, **(changes or {})})
    with torch.no_grad():
        model.get_parameter(CODE).normal_(generator=torch.Generator().manual_seed(1))
    return model


def moved_by_order(model: ClipVideo) -> float:
    """How far logits are from those of the same frames backwards."""
    with torch.no_grad():
        return float((model(VIDEO) - model(BACKWARDS)).abs().max())


@pytest.mark.parametrize("changes", [{}, {"tc.summarizer": "kmeans"}, {"vision.bias": False}], ids=str)
def test_it_begins_as_tc_clip_bit_for_bit(changes: dict[str, Any]) -> None:
    ordered, plain = small("tc_clip-ordered", {**TC, **changes}), small("tc_clip", {**TC, **changes})
    for model in (ordered, plain):
        model(VIDEO).logsumexp(1).sum().backward()
    assert torch.equal(ordered(VIDEO), plain(VIDEO))
    of_ordered = dict(ordered.named_parameters())
    assert of_ordered.keys() - dict(plain.named_parameters()).keys() == {CODE}
    for name, weight in plain.named_parameters():
        assert torch.equal(weight, of_ordered[name])
        assert weight.grad is None or torch.equal(weight.grad, of_ordered[name].grad), name  # type: ignore[arg-type]
    grad = of_ordered[CODE].grad
    assert grad is not None and grad.abs().sum() > 0


def test_order_counts_only_once_the_code_has_changed() -> None:
    assert moved_by_order(small("tc_clip", TC)) < 1e-4
    assert moved_by_order(small("tc_clip-ordered", TC)) < 1e-4
    assert moved_by_order(with_a_code()) > 1e-2


def test_a_context_token_has_the_mean_code_of_its_seeds_frames_and_none_without_seeds() -> None:
    code, group = (
        torch.tensor([[1.0, 2.0], [4.0, 5.0]]),
        torch.tensor([[0, 0, 2, 0]]),
    )  # two seeds in each of two frames
    assert torch.allclose(mean_code(code, group, 3), torch.tensor([[[2.0, 3.0], [0.0, 0.0], [4.0, 5.0]]]))


def test_the_frames_own_tokens_get_no_code() -> None:
    """Where no layer reads context tokens, frames are those without a code."""
    alone = {"look": "none", "text.kind": "template", "vision.layers_infuse": [3]}
    plain, timed = small("tc_clip", {**TC, **alone}), with_a_code(alone)
    with torch.no_grad():
        for model in (plain, timed):
            model.get_parameter("tc.2.local_global_bias")[:, 1] = -1e4  # nobody may look at a context token
        assert torch.equal(plain.encode_video(VIDEO).frames, timed.encode_video(VIDEO).frames)


def test_a_weight_ensemble_keeps_the_tuned_code() -> None:
    tuned = canonical_state(shaken(small("tc_clip-ordered", TC)))
    assert torch.equal(ensemble(backbone().tensors, tuned, 0.3)[CODE], tuned[CODE])


def test_gradients_are_the_same_when_layers_are_computed_twice() -> None:
    assert same_when_computed_twice("tc_clip-ordered", TC, VIDEO)


def test_it_compiles_without_a_break_in_its_graph() -> None:
    torch.compiler.reset()
    model = with_a_code()
    compiled = torch.compile(model.encode_video, backend="eager", fullgraph=True)
    with torch.no_grad():
        assert torch.allclose(compiled(VIDEO).frames, model.encode_video(VIDEO).frames, atol=1e-6)


def test_attention_is_led_back_to_the_patches_of_context_tokens() -> None:
    """The membership of seeds is recorded as without a code: maps of a zero code are TC-CLIP's."""
    ordered, plain = small("tc_clip-ordered", TC), small("tc_clip", TC)
    maps = [rollout(record(model, VIDEO[0])) for model in (ordered, plain)]
    assert all(torch.equal(*pair) for pair in zip(*maps, strict=True))


def test_a_video_of_another_length_is_refused() -> None:
    with pytest.raises(UserError, match=r"time code is for videos of 4 frames and this one has 3: build it for 3"):
        small("tc_clip-ordered", TC)(VIDEO[:, :3])


def test_its_prompts_look_at_tokens_with_a_code_and_no_others() -> None:
    with pytest.raises(UserError, match=r"prompts_in_time' needs vision\.kind 'context_in_time'"):
        load_method("tc_clip", {"look": "prompts_in_time"})
    with pytest.raises(UserError, match=r"prompts_in_time' needs text\.kind 'coop'"):
        load_method("tc_clip-ordered", {"text.kind": "template"})
    with pytest.raises(UserError, match=r"not in vision\.layers_summarise: add layer 3"):
        small("tc_clip-ordered", {**TC, "vision.layers_summarise": [1, 2]})
