"""The fast model against the paper's equations written out, on random weights: values and gradients, float64."""

from __future__ import annotations

from typing import Any

import equations
import numpy as np
import pytest
import torch
from sizes import Context, Exchange, Sizes
from small_models import shaken
from torch import Tensor

from tcclip.models import Backbone, BackboneConfig, build
from tcclip.models.clip_video import ClipVideo
from tcclip.params import load_method
from tcclip.params.method import Method

CONFIG = BackboneConfig(24, 8, 32, 2, 3, 16, 2, 3, 16)  # 9 patches
SIZES = Sizes(patch=8, vision_heads=2, text_heads=2, vision_layers=3, text_layers=3)
CLASSES = ["ApplyEyeMakeup", "run", "brush_hair with a friend"]
FRAMES = 3
TC = {"tc.alpha": 0.6, "tc.k": 4, "tc.r": 3}  # 5 seeds of a frame, 15 of a video
ALONE = {**TC, "text.mode": "template"}
TEXT: list[tuple[str, dict[str, Any]]] = [
    ("vifi_clip", {"text.mode": "coop"}),
    ("vifi_clip", {"text.mode": "coop", "text.n_ctx": 2}),  # the prompt's other words stay words
    ("vifi_clip", {"text.mode": "vp_cls"}),
    ("vifi_clip", {"text.mode": "vp_cls", "text.n_ctx": 1, "text.context_length": 77}),
    ("tc_clip", {**TC, "text.mode": "vp_cls"}),
    ("tc_clip", {**TC, "text.mode": "coop"}),
    ("tc_clip", {**TC, "text.mode": "late_fusion"}),
    ("tc_clip", {**TC, "text.mode": "late_fusion", "text.late_prompts": True}),
    ("tc_clip", {**TC, "text.n_ctx": 3}),
    ("vifi_clip", {"vision.ref": "cls", "text.mode": "vp_cls"}),
]
CASES: list[tuple[str, dict[str, Any]]] = [
    ("vanilla_clip", {}),
    ("vifi_clip", {}),
    ("vifi_clip", {"pos": "joint"}),
    ("tc_clip", TC),
    ("tc_clip", {**TC, "vision.bias": False}),
    ("tc_clip", {**TC, "pos": "joint"}),
    ("tc_clip", ALONE),
    ("tc_clip", {**TC, "tc.k": 40}),  # more than the 15 seeds: nothing is merged
    ("tc_clip", {**TC, "vision.layers_infuse": [3]}),
    ("tc_clip", {**TC, "vision.layers_infuse": [2], "vision.layers_summarise": [1, 3]}),
    *(("vifi_clip", {"vision.ref": ref, "vision.bias": bias}) for ref in ("cls", "adjacent") for bias in (False, True)),
    *(("vifi_clip", {"vision.ref": "adjacent", "vision.edge": edge}) for edge in ("mask", "replicate")),
    ("vifi_clip", {"vision.ref": "adjacent", "vision.edge": "mask", "vision.bias": True}),
    ("vifi_clip", {"vision.ref": "cls", "vision.layers_infuse": [1, 3]}),
    ("vifi_clip", {"vision.ref": "all"}),
    *(
        ("tc_clip", {**TC, "tc.selector": selector})
        for selector in ("none", "head_key_norm", "key_norm", "head_cls_attention", "patch_saliency", "ats")
    ),
    *(
        ("tc_clip", {**TC, "tc.selector": selector, "tc.head_wise": "max"})
        for selector in ("head_key_norm", "head_cls_attention")
    ),
    *(
        ("tc_clip", {**TC, "tc.summarizer": summarizer})
        for summarizer in ("none", "random", "kmeans", "dpc_knn", "bipartite_attention", "bipartite_saliency")
    ),
    ("tc_clip", {**TC, "tc.selector": "ats", "tc.summarizer": "bipartite_attention"}),
    ("tc_clip", {**TC, "tc.selector": "none", "tc.summarizer": "bipartite_saliency"}),
    ("tc_clip", {**TC, "tc.selector": "none", "tc.summarizer": "kmeans", "tc.kmeans.iterations": 2}),
    # a patch that is two seeds makes ties in matching, which rounding decides
    ("tc_clip", {**TC, "tc.selector": "ats", "tc.ats.doubles": "keep", "tc.summarizer": "none"}),
    ("tc_clip", {**TC, "tc.summarizer": "random", "tc.random.form": "pairs"}),
    ("tc_clip", {**TC, "tc.summarizer": "kmeans", "tc.kmeans.start": "strided"}),
    ("tc_clip", {**TC, "tc.summarizer": "bipartite_saliency", "tc.saliency.over": "video"}),
    *(("tc_clip-ordered", {**TC, "tc.summarizer": summarizer}) for summarizer in ("bipartite", "none")),
    ("tc_clip-ordered", {**TC, "vision.layers_infuse": [3], "tc.summarizer": "bipartite_attention"}),
    *TEXT,
]


def random_model(method: str, overrides: dict[str, Any]) -> ClipVideo:
    model = build(load_method(method, overrides), Backbone.random(CONFIG), CLASSES, FRAMES).double()
    return shaken(model)


def exchange_of(method: Method) -> Exchange:
    """The method's keys as the equations read them."""
    vision, tc = method.vision, method.tc
    context = None
    kind = vision.kind.removesuffix("_in_time")  # the weights say that there is a time code
    if kind == "context" and tc is not None:
        names = {"doubles": "ats_doubles", "form": "random_form", "over": "saliency_over"}
        keys = tc.selector.model_dump(exclude={"kind"}) | tc.summarizer.model_dump(exclude={"kind"})
        keys = {names.get(key, key): value for key, value in keys.items()}
        context = Context(
            tc.alpha, tc.k, keys.pop("r", 1), selector=tc.selector.kind, summarizer=tc.summarizer.kind, **keys
        )
    first = 2 if kind == "context" else 1
    chosen = vision.model_dump()
    infuse, summarise = chosen.get("layers_infuse", "all"), chosen.get("layers_summarise", "all")
    infuse = infuse if isinstance(infuse, list) else range(first, 4)
    summarise = summarise if isinstance(summarise, list) else range(1, 4)
    read = tuple(infuse) if kind != "none" else ()
    edge, bias = chosen.get("edge", "zero"), chosen.get("bias", False)
    return Exchange(kind, edge, bias, read, tuple(summarise), context)


def mode_of(method: Method) -> str:
    """The equations' name of the method's text and look."""
    if method.look.kind == "none":
        return str(method.text.kind)
    if method.look.kind == "prompts_in_time":
        return "vp_ctx"
    return "late_fusion" if method.look.kind == "late" else {"frames": "vp_cls", "context": "vp_ctx"}[method.look.at]


def slow_logits(
    model: ClipVideo, weights: dict[str, Tensor], videos: Tensor, method: Method, draws: Tensor | None
) -> Tensor:
    texts = [row[: int(row.argmax()) + 1].tolist() for row in model.tokens]
    exchange = exchange_of(method)
    noise = [None] * len(videos) if draws is None else list(draws)
    return torch.stack(
        [
            equations.logits(weights, SIZES, video, texts, exchange, mode_of(method), method.text.learns, drawn)
            for video, drawn in zip(videos, noise, strict=True)
        ]
    )


@pytest.mark.parametrize(("method", "overrides"), CASES, ids=lambda value: str(value))
def test_logits_and_gradients_equal_the_equations(method: str, overrides: dict[str, Any]) -> None:
    model = random_model(method, overrides)
    videos = torch.randn(2, FRAMES, 3, 24, 24, generator=torch.Generator().manual_seed(4), dtype=torch.float64)
    labels = torch.tensor([2, 0])
    draws = model.visual.draw(np.random.default_rng(5), len(videos))
    fast = model(videos, draws=draws)
    torch.nn.functional.cross_entropy(fast, labels).backward()
    weights = {
        name: tensor.detach().clone().requires_grad_(name != "token_embedding.weight")
        for name, tensor in model.state_dict().items()
    }
    slow = slow_logits(model, weights, videos, load_method(method, overrides), draws)
    torch.nn.functional.cross_entropy(slow, labels).backward()
    assert torch.allclose(fast, slow, rtol=1e-10, atol=1e-10)
    for name, parameter in model.named_parameters():
        found, expected = parameter.grad, weights[name].grad
        found = torch.zeros_like(parameter) if found is None else found
        expected = torch.zeros_like(parameter) if expected is None else expected
        assert torch.allclose(found, expected, rtol=1e-8, atol=1e-11), name


@pytest.mark.parametrize(("method", "overrides"), CASES[:4] + TEXT, ids=lambda value: str(value))
def test_class_readers_kept_over_batches_give_the_same_logits(method: str, overrides: dict[str, Any]) -> None:
    model = random_model(method, overrides)
    videos = torch.randn(3, FRAMES, 3, 24, 24, dtype=torch.float64)
    with torch.no_grad():
        classes = model.encode_classes()
        parts = torch.cat([model(video[None], classes) for video in videos])
        assert torch.allclose(model(videos), parts, rtol=1e-12)


def test_attention_with_a_mask_equals_attention_with_the_bias_in_the_keys() -> None:
    model = random_model("tc_clip", TC)
    videos = torch.randn(2, FRAMES, 3, 24, 24, dtype=torch.float64)
    training = model(videos)
    with torch.no_grad():
        assert torch.allclose(model(videos), training, rtol=1e-12)
