"""Golden arrays, and models filled with the weights that belong to them."""

from __future__ import annotations

import functools
import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from tcclip.models import Backbone, BackboneConfig, build, load_canonical
from tcclip.models.canonical import canonical_shapes
from tcclip.models.clip_video import ClipVideo
from tcclip.models.vision.layers import Beside, LayerOutput, last_layer, layer
from tcclip.params import load_method

HERE = Path(__file__).parent


def _convention() -> ModuleType:
    spec = importlib.util.spec_from_file_location("golden_convention", HERE / "convention.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


convention = _convention()


def arrays(case: str) -> dict[str, np.ndarray]:
    """All arrays of a case."""
    with np.load(HERE / f"{case}.npz") as stored:
        return {name: stored[name] for name in stored.files}


def meta(golden: dict[str, np.ndarray]) -> dict[str, Any]:
    """A case's configuration, class names, labels and video key."""
    return json.loads(str(golden["meta"]))


def backbone_config(config: dict[str, Any]) -> BackboneConfig:
    """The convention's sizes as a BackboneConfig."""
    return BackboneConfig(
        config["image"], config["patch"], config["v_width"], config["v_heads"], config["v_layers"],
        config["t_width"], config["t_heads"], config["t_layers"], config["embed"],
    )  # fmt: skip


@functools.cache
def value(name: str, shape: tuple[int, ...], prefix: str = "") -> Tensor:
    """The convention's float32 tensor of a name."""
    return torch.from_numpy(np.asarray(convention.value(name, shape, prefix)))


def weights(network: ClipVideo, prefix: str = "") -> dict[str, Tensor]:
    """All weights of a model by the convention."""
    return {name: value(name, tuple(tensor.shape), prefix) for name, tensor in network.state_dict().items()}


def model(method: str, overrides: dict[str, Any], info: dict[str, Any], dtype: torch.dtype) -> ClipVideo:
    """A method's model at a case's sizes, filled with the convention's weights."""
    config = backbone_config(info["config"])
    clip = {name: value(name, shape) for name, shape in canonical_shapes(config).items()}
    network = build(load_method(method, overrides), Backbone(config, clip), info["classes"], info["config"]["frames"])
    load_canonical(network, weights(network))
    return network.to(dtype)


def tc_overrides(config: dict[str, Any]) -> dict[str, Any]:
    """The keys of a method file that make tc_clip the case's model."""
    return {"tc.alpha": config["alpha"], "tc.k": config["k"], "tc.r": config["r"], "text.n_ctx": config["n_ctx"]}


def video(key: str, config: dict[str, Any], dtype: torch.dtype, batch: int) -> Tensor:
    """The case's input (B, T, 3, H, W)."""
    size = config["image"]
    return torch.from_numpy(convention.video(key, batch, config["frames"], size, size)).to(dtype)


class Seen(NamedTuple):
    """Everything a forward pass computes on its way."""

    layers: list[LayerOutput]  # complete, the last one too
    last: LayerOutput  # the last one as the model runs it
    frame_features: Tensor
    context_features: Tensor
    prompts: Tensor | None
    text_features: Tensor
    image_features: Tensor


@torch.no_grad()
def look(network: ClipVideo, clip: Tensor) -> Seen:
    """Run the model layer by layer, as VisionTower.forward does, and keep what is on the way."""
    tower = network.visual
    blocks, biases = tower.transformer.blocks, network.biases()
    tokens, context, layers = tower.embed(clip), None, []
    for block, bias in zip(blocks, biases, strict=True):
        before, beside = tokens, Beside(context, bias=bias)
        layers.append(layer(block, tokens, beside, tower.exchange.recipe))
        tokens, context = layers[-1].tokens, layers[-1].context
    last = last_layer(blocks[-1], before, beside, tower.exchange.recipe)
    features = tower.project(last)
    classes = network.encode_classes()
    own = getattr(network, "vp", None)
    prompts = own(classes.prompts, features.context) if own is not None else None
    image = torch.nn.functional.normalize(features.frames.mean(1), dim=-1)
    text = network.encode_text(features, classes)
    return Seen(layers, last, features.frames, features.context, prompts, text, image)


def gradients(network: ClipVideo, clip: Tensor, labels: list[int]) -> dict[str, Tensor]:
    """Gradients of the mean cross-entropy by canonical name."""
    network.zero_grad()
    torch.nn.functional.cross_entropy(network(clip), torch.tensor(labels)).backward()
    return {name: parameter.grad for name, parameter in network.named_parameters() if parameter.grad is not None}


def check_probes(golden: dict[str, np.ndarray], state: dict[str, Tensor]) -> None:
    """The weights have the stored first values, means and standard deviations, and none is missing."""
    assert set(state) == set(golden["probe_names"].tolist())
    for name, probe in zip(golden["probe_names"], golden["probe_values"], strict=True):
        flat = state[name].double().flatten()
        first = torch.nn.functional.pad(flat[:3], (0, 3 - min(3, len(flat))))
        found = torch.cat([first, flat.mean()[None], flat.std(correction=0)[None]])
        assert np.allclose(found.numpy(), probe, atol=1e-7), name


def check_video(golden: dict[str, np.ndarray], clip: Tensor) -> None:
    """The input is the stored one by its sum, sum of squares and first values."""
    flat = clip.double().flatten()
    found = torch.cat([flat.sum()[None], flat.square().sum()[None], flat[:6]])
    assert np.allclose(found.numpy(), golden["video_probe"], rtol=1e-9)


def check_tokens(golden: dict[str, np.ndarray], network: ClipVideo) -> None:
    """The texts are the stored ones; the model leaves out what is padding in all of them."""
    found, stored = network.tokens.numpy(), golden["tokens"]
    assert np.array_equal(found, stored[:, : found.shape[1]]) and not stored[:, found.shape[1] :].any()
