"""Golden numbers of the compared systems, and models filled with the weights that belong to them.

`convention.py` makes the weights of CLIP's parts, `systems/rules.py` those of the parts that a system adds.
"""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import ModuleType
from typing import Any

import goldens
import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tcclip.models import Backbone, build, load_canonical
from tcclip.models.canonical import canonical_shapes
from tcclip.models.clip_video import ClipVideo
from tcclip.models.vision.exchange import Pass
from tcclip.models.vision.layers import LayerOutput
from tcclip.params import load_method
from tcclip.params.texts import NONE, OutsideTexts

Arrays = dict[str, np.ndarray]
DTYPES = pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=["float64", "float32"])


def _rules() -> ModuleType:
    spec = importlib.util.spec_from_file_location("system_rules", goldens.HERE / "systems" / "rules.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


rules = _rules()


def load(system: str) -> tuple[Arrays, dict[str, Any]]:
    """All arrays of a system, and its configuration, class names, labels and keys."""
    golden = goldens.arrays(f"systems/{system}")
    return golden, goldens.meta(golden)


@functools.cache
def value(name: str, shape: tuple[int, ...], prefix: str = "") -> Tensor:
    """The float32 tensor that belongs to a name, at any shape; of CLIP's parts it is the convention's."""
    try:
        return goldens.value(name, shape, prefix)
    except KeyError:
        return torch.from_numpy(np.asarray(rules.value(name, shape, prefix)))


def weights(
    network: nn.Module, prefix: str = "", golden_name: Callable[[str], str] = lambda name: name
) -> dict[str, Tensor]:
    """All weights of a model; `golden_name` says what the golden calls them where the two differ."""
    return {
        name: value(golden_name(name), tuple(tensor.shape), prefix) for name, tensor in network.state_dict().items()
    }


def model(
    method: str,
    info: Mapping[str, Any],
    dtype: torch.dtype,
    overrides: dict[str, Any] | None = None,
    *,
    classes: Sequence[str] | None = None,
    frames: int | None = None,
    prefix: str = "",
    texts: OutsideTexts = NONE,
) -> ClipVideo:
    """A method's model at the sizes, frames and classes of `info`, or with others, filled with the names' weights."""
    config = goldens.backbone_config(info["config"])
    clip = {name: value(name, shape) for name, shape in canonical_shapes(config).items()}
    network = build(
        load_method(method, overrides),
        Backbone(config, clip),
        classes or info["classes"],
        frames or info["config"]["frames"],
        texts=texts,
    )
    load_canonical(network, weights(network, prefix))
    return network.to(dtype)


def video(info: Mapping[str, Any], dtype: torch.dtype, key: str | None = None, batch: int = 2) -> Tensor:
    """The input (B, T, 3, H, W) of a key, by default the system's first."""
    return goldens.video(key or info["video_key"], info["config"], dtype, batch)


@torch.no_grad()
def layers(network: ClipVideo, clip: Tensor) -> list[LayerOutput]:
    """What every vision layer hands on, the last one in full too (its draws are those of an evaluation)."""
    tower, output, outputs = network.visual, LayerOutput(network.visual.embed(clip)), []
    run = Pass(network.exchange_weights(), len(tower.transformer.blocks) + 1, "context", None, recompute=False)
    for number, block in enumerate(tower.transformer.blocks):
        output = tower.exchange.layer(number, block, output, run)
        outputs.append(output)
    return outputs


def near(found: Tensor | np.ndarray, stored: np.ndarray, tolerance: float) -> None:
    """Equal shapes, and no number further from the stored one than the tolerance."""
    values = found.detach().cpu().numpy() if isinstance(found, Tensor) else np.asarray(found)
    assert values.shape == stored.shape, f"shape {values.shape}, stored {stored.shape}"
    furthest = np.abs(values.astype(np.float64) - stored).max()
    assert furthest <= tolerance, f"{furthest} away, {tolerance} allowed"


def check_gradients(
    network: nn.Module, names: Iterable[str], norms: Iterable[float], relative: float, frozen: Iterable[str] = ()
) -> None:
    """After a backward pass: exactly the named parameters have gradients, of these L2 norms; the `frozen` have none."""
    found = {name: p.grad for name, p in network.named_parameters() if p.grad is not None}
    expected = dict(zip(map(str, names), map(float, norms), strict=True))
    assert set(found) == set(expected)
    assert not set(found) & set(map(str, frozen))
    for name, norm in expected.items():
        assert found[name].double().norm().item() == pytest.approx(norm, rel=relative, abs=0), name


def check_probes(golden: Arrays, state: Mapping[str, Tensor]) -> None:
    """The weights that the golden has probes of have the stored first values, means and standard deviations."""
    named = {str(name): state[str(name)] for name in golden["probe_names"]}
    goldens.check_probes(golden, named)
