"""Attention led back to patches: exact where it is computed by hand, and one meaning for every vision kind."""

import math
import threading

import pytest
import torch
from small_models import shaken, small

from tcclip.attention.context import Membership, share_of_seeds
from tcclip.attention.maps import fused, head_map, relevant
from tcclip.attention.origins import origins_of, taken
from tcclip.attention.record import Layer, Recorded, record, recording
from tcclip.attention.rollout import of_layer, relevance, rollout
from tcclip.errors import UserError
from tcclip.models import attention as models_attention
from tcclip.models.recording import Heard, listening
from tcclip.models.summarizer.groups import sum_by_group
from tcclip.models.vision.adjacent import adjacent
from tcclip.models.vision.all import all_frames
from tcclip.models.vision.cls import cls_tokens
from tcclip.models.vision.exchange import FrameExchange
from tcclip.params import load_method
from tcclip.params.kinds.make import make
from tcclip.params.reader import names

TC = {"tc.k": 5, "tc.alpha": 0.5}
KINDS = {
    "frame-wise": ("vifi_clip", {}),
    "joint": ("vifi_clip", {"vision.ref": "all"}),
    "cls": ("vifi_clip", {"vision.ref": "cls", "vision.bias": True}),
    "adjacent-zero": ("vifi_clip", {"vision.ref": "adjacent", "vision.edge": "zero"}),
    "adjacent-mask": ("vifi_clip", {"vision.ref": "adjacent", "vision.edge": "mask"}),
    "adjacent-replicate": ("vifi_clip", {"vision.ref": "adjacent", "vision.edge": "replicate"}),
    "context": ("tc_clip", TC),
    "head-wise": ("tc_only", {**TC, "tc.selector": "head_cls_attention"}),
    "context in time": ("tc_clip-ordered", TC),
    "messages": ("x_clip", {}),
    "prompts": ("vita_clip", {}),
    "open_vclip": ("open_vclip", {}),
    "temporal": ("a5", {}),
}
WITH_REST = {"adjacent-zero", "open_vclip", "prompts"}  # keys of zeros, global prompts
VIDEO = torch.randn(4, 3, 32, 32, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module", params=KINDS, ids=str)
def seen(request):
    """A kind's name, its model with noise on all weights, and one recorded pass with its graph."""
    model = shaken(small(*KINDS[request.param]))
    return request.param, model, record(model, VIDEO, graph=True)


def test_all_methods_have_one_of_these_kinds():
    known = {load_method(*method).vision.kind for method in KINDS.values()}
    assert {load_method(method).vision.kind for method in names("methods")} <= known


def total(shares):
    return shares.patches.sum(dim=(1, 2)) + shares.cls.sum(dim=1) + shares.rest


def heard(first, second, extra=0):
    """One frame, [CLS] and a patch, whose attention in two heads is `first` and `second`: probabilities (2, 2)."""
    rows = torch.tensor([first, second]).double()  # (heads, Q, K)
    query = (rows[..., 1] / rows[..., 0]).log().T[None, None, ..., None]  # (1, 1, Q, heads, 1): key 1 is 1, key 0 is 0
    key = torch.tensor([0.0, 1.0]).double().view(1, 1, 2, 1, 1).expand(1, 1, 2, 2, 1)
    return Heard(query, key, key, None, None, query, among=False)


def by_hand(layers):
    attention = heard([[0.5, 0.5], [0.25, 0.75]], [[0.8, 0.2], [0.5, 0.5]])
    both = [Layer(number, heard=[attention]) for number in range(layers)]
    return Recorded(FrameExchange(), both, torch.zeros(1), frames=1, places=2)


@pytest.mark.parametrize(
    ("heads", "cls", "patch"),
    [
        ("max", 324 / 529 + 10 / 207, 90 / 529 + 35 / 207),  # rows (18, 5)/23 and (2, 7)/9
        ("mean", 0.825**2 + 0.175 * 0.1875, 0.825 * 0.175 + 0.175 * 0.8125),
        ("min", (1.5 / 1.7) ** 2 + 0.2 / 1.7 * 0.25 / 1.75, 1.5 / 1.7 * 0.2 / 1.7 + 0.2 / 1.7 * 1.5 / 1.75),
    ],
)
def test_rollout_of_two_layers_is_what_one_computes_by_hand(heads, cls, patch):
    found = rollout(by_hand(2), heads)
    assert found.cls.item() == pytest.approx(cls, rel=1e-6) and found.patches.item() == pytest.approx(patch, rel=1e-6)


def test_one_layer_has_no_residual_and_sums_to_one():
    found = of_layer(by_hand(2), 1, "max")
    assert found.cls.item() == pytest.approx(8 / 13) and found.patches.item() == pytest.approx(5 / 13)
    with pytest.raises(UserError, match="layer must be 1 to 2"):
        of_layer(by_hand(2), 3)


def test_what_falls_on_a_context_token_goes_to_its_patches_by_their_shares():
    key = torch.zeros(1, 2, 3, 1, 4)  # two frames of [CLS], a patch and the context token, attended to evenly
    attention = Heard(torch.zeros(1, 2, 1, 1, 4), key, key, None, None, key, among=False)
    seeds, group = torch.zeros(2, 1, dtype=torch.int64), torch.zeros(2, dtype=torch.int64)
    layer = Layer(1, read=Membership(seeds, group, torch.tensor([0.75, 0.25]), 1), heard=[attention])
    found = rollout(Recorded(FrameExchange(), [layer], torch.zeros(1), frames=2, places=2))
    # rows are (1 + 1/3, 1/3, 1/3) / 2, and the last sixth is 3/4 of frame 1 and 1/4 of frame 2
    assert torch.allclose(found.cls, torch.eye(2) * 2 / 3)
    assert torch.allclose(found.patches[0].flatten(), torch.tensor([1 / 6 + 1 / 8, 1 / 24]))
    assert torch.allclose(found.patches[1].flatten(), torch.tensor([1 / 8, 1 / 6 + 1 / 24]))


def test_maps_are_those_that_the_model_computed_with(seen):
    _, model, recorded = seen
    assert model.visual.exchange is recorded.exchange and not isinstance(recorded.exchange, type(None))
    for layer in recorded.layers:
        for part in layer.heard[:2]:
            heads = [head_map(part, head) @ part.value[0, :, :, head] for head in range(part.query.shape[3])]
            output = part.output.reshape(*part.query.shape)[0]
            assert torch.allclose(torch.stack(heads, dim=2), output, atol=1e-4 * output.abs().max().item())


def test_rows_sum_to_one_with_the_rest_and_only_learned_keys_leave_one(seen):
    kind, _, recorded = seen
    for shares in [*(rollout(recorded, heads) for heads in ("max", "mean", "min")), of_layer(recorded, 2)]:
        assert torch.allclose(total(shares), torch.ones(4), atol=1e-5)
        assert (shares.rest.max() > 1e-6) == (kind in WITH_REST)
        assert min(part.min() for part in shares) >= 0
    found = relevance(recorded, 1)
    assert total(found.of_video()).item() == pytest.approx(1, abs=1e-5)
    assert min(part.min() for part in found) > -1e-6


def test_a_frame_has_shares_of_the_frames_that_it_sees(seen):
    kind, _, recorded = seen
    through = of_layer(recorded, 2).patches.sum(dim=2) > 0  # (R, T), one layer
    reach = (torch.arange(4)[:, None] - torch.arange(4)).abs()
    sees = {"frame-wise": reach == 0, "temporal": reach == 0, "open_vclip": reach <= 1, "joint": reach < 4}
    sees |= {name: reach <= 1 for name in KINDS if name.startswith("adjacent")}
    sees |= dict.fromkeys(("cls", "messages", "prompts"), reach == 0)  # they see others' [CLS] alone in one layer
    if kind in sees:
        assert torch.equal(through, sees[kind])
    else:
        assert through.diagonal().all() and through.sum() > 4
    if kind in ("cls", "messages", "prompts"):
        assert (of_layer(recorded, 2).cls > 0).all() and (rollout(recorded).patches.sum(dim=2) > 0).all()


@pytest.mark.parametrize("kind", ["frame-wise", "joint", "cls", "messages", "prompts", "all are seeds, none merged"])
def test_a_uniform_model_gives_a_uniform_map(kind):
    every = ("tc_only", {"tc.selector": "none", "tc.summarizer": "none"})
    model = small(*KINDS.get(kind, every))
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if name.endswith(("in_proj_weight", "in_proj_bias")):
                weight[: 2 * len(weight) // 3] = 0  # no queries, no keys
            if name.endswith("local_global_bias"):
                weight.zero_()
    recorded = record(model, VIDEO)
    for shares in (rollout(recorded), rollout(recorded, "mean"), of_layer(recorded, 2)):
        patches = shares.of_video().patches
        assert torch.allclose(patches, patches.mean().expand_as(patches), rtol=1e-4)


def test_relevance_has_the_gradient_of_attention_itself(monkeypatch):
    model, kept = shaken(small("vifi_clip")), []

    def explicit(query, key, value, attn_mask=None, scale=1.0):
        kept.append((query @ key.transpose(-1, -2) * scale).softmax(dim=-1))
        return kept[-1] @ value

    texts = model.finished(model.encode_classes())
    monkeypatch.setattr(models_attention.F, "scaled_dot_product_attention", explicit)
    with recording(model) as layers:
        logits = model(VIDEO[None].requires_grad_(), texts)[0]
    heard = [layer.attention for layer in layers[: len(kept)]]
    found = torch.autograd.grad(logits[1], [*kept, *(part.output for part in heard)])
    assert len(kept) == 2  # of three layers; the last one has no maps, of [CLS] either
    for part, weights, by_weight, by_output in zip(heard, kept, found[:2], found[2:], strict=True):
        expected = (weights * by_weight).clamp_min(0).mean(dim=1)  # (T, Q, K)
        assert torch.allclose(relevant(part, by_output), expected, atol=1e-6, rtol=1e-3)


@pytest.mark.parametrize(
    "summarizer",
    ["bipartite", "bipartite_attention", "bipartite_saliency", "kmeans", "dpc_knn", "random", "none"],
)
def test_the_share_of_a_seed_is_its_weight_in_its_tokens_mean(summarizer):
    rng = torch.Generator().manual_seed(1)
    seeds, weight, draws = torch.randn(1, 12, 6, generator=rng), torch.rand(1, 12, generator=rng), torch.rand(1, 12)
    summarise = make(load_method("tc_only", {"tc.summarizer": summarizer}).tc.summarizer, 4).summarise
    found = summarise(seeds, weight, draws)
    share = share_of_seeds(summarise, seeds, weight, draws)
    means = sum_by_group(share[..., None] * seeds, found.group, found.context.shape[1])
    assert torch.allclose(means, found.context, atol=1e-5)
    made = Membership(torch.arange(12).view(2, 6), found.group[0], share[0], found.context.shape[1]).made_of(13)
    assert torch.allclose(made.sum(dim=1), torch.ones(len(made)), atol=1e-5) and made[:, -1].max() < 1e-5


def test_a_token_without_members_is_the_rest():
    made = Membership(torch.tensor([[0, 1]]), torch.tensor([0, 0]), torch.tensor([0.5, 0.5]), 2).made_of(3)
    assert made.tolist() == [[0, 0.5, 0.5, 0], [0, 0, 0, 1]]


def test_keys_that_are_taken_from_frames_say_which_tokens_they_are():
    assert taken(cls_tokens, 3, 2).tolist() == [[0, 1, 0, 2, 4], [2, 3, 0, 2, 4], [4, 5, 0, 2, 4]]
    assert taken(all_frames, 2, 2).tolist() == [[0, 1, 2, 3]]
    assert taken(adjacent("zero"), 2, 2).tolist() == [[0, 1, 4, 4, 2, 3], [2, 3, 0, 1, 4, 4]]
    assert taken(adjacent("replicate"), 2, 2).tolist() == [[0, 1, 0, 1, 2, 3], [2, 3, 0, 1, 2, 3]]


def test_prompts_that_are_the_rest_are_the_same_for_every_video_and_only_the_summary_is_a_frames_own():
    model = shaken(small("vita_clip"))
    one, other = (record(model, video) for video in (VIDEO, VIDEO.flip(0) + 1))
    for layer, again in zip(one.layers[1:], other.layers[1:], strict=True):  # [CLS] of the first is nobody's own
        made = origins_of(one.exchange, layer, 4, 17, lambda _: torch.eye(4)).made  # (T, E, n)
        keys, others = (each.attention.key[0, :, 17:].flatten(2) for each in (layer, again))  # (T, E, D)
        assert torch.equal((made[0, :, -1] == 1), (keys - others).abs().amax(dim=(0, 2)) < 1e-5)
        assert torch.equal((made == made[:1]).all(dim=2).all(dim=0), (keys - keys[:1]).abs().amax(dim=(0, 2)) < 1e-5)


def test_recording_changes_no_number_and_nobody_listens_before_or_after():
    model = small("tc_clip").eval()
    with torch.no_grad():
        before = model(VIDEO[None])
        recorded = record(model, VIDEO)
        assert torch.equal(before[0], recorded.logits) and torch.equal(before, model(VIDEO[None]))
    assert models_attention.recording.listener is None and isinstance(model.visual.exchange, FrameExchange)
    assert recorded.layers[-1].made.k == 5
    assert [layer.attention.query.shape[2] for layer in recorded.layers] == [17, 17, 1]  # not the seeds' of the last
    for before, layer in zip([None, *recorded.layers], recorded.layers, strict=False):
        assert layer.read is (before.made if before else None) and layer.made is not None


def test_context_tokens_of_nobody_knows_what_are_no_picture_of_no_context_tokens(monkeypatch):
    monkeypatch.setattr(FrameExchange, "noting", lambda exchange, note: exchange)
    with pytest.raises(UserError, match="`noting` of its exchange has to hand on its summaries"):
        record(small("tc_clip").eval(), VIDEO)
    assert record(small("vifi_clip").eval(), VIDEO).layers[-1].made is None


def test_another_threads_attention_is_not_heard():
    model, calls = small("vifi_clip"), []
    with listening(calls.append), torch.no_grad():
        other = threading.Thread(target=lambda: model(VIDEO[None]))
        other.start()
        other.join()
        assert calls == []
        model(VIDEO[None])
    assert len(calls) == 3


def test_heads_are_fused_key_by_key():
    part = heard([[0.5, 0.5], [0.25, 0.75]], [[0.8, 0.2], [0.5, 0.5]])
    assert fused(part, "max")[0, 0].tolist() == pytest.approx([0.8, 0.5])
    assert fused(part, "min")[0, 0].tolist() == pytest.approx([0.5, 0.2])
    assert math.isclose(fused(part, "mean")[0].sum().item(), 2)
