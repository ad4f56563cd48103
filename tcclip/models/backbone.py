"""A backbone: CLIP's sizes, its weights by their canonical names, and a table of texts that are already tokenised."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from tcclip.errors import UserError
from tcclip.models.canonical import canonical_shapes
from tcclip.models.weights_file import read_weights
from tcclip.params.architecture import BackboneConfig
from tcclip.process.files import atomic, read_json, sha256, write_json

WEIGHTS = "weights.safetensors"  # in a backbone's folder


@dataclass(frozen=True)
class Backbone:
    """CLIP as files hold it; models are built from it and never change it."""

    config: BackboneConfig
    tensors: Mapping[str, Tensor]  # canonical name -> float32
    tokens: Mapping[str, list[int]] = field(default_factory=dict)  # text -> ids with start and end, without padding

    @staticmethod
    def random(config: BackboneConfig, seed: int = 0) -> Backbone:
        """Weights as before any training, drawn with the standard deviations of CLIP's own initialisation.

        Every tensor has its place in one random stream, so the same seed gives the same weights on every machine.
        """
        stream = torch.Generator().manual_seed(seed)
        return Backbone(
            config, {name: _initial(name, shape, config, stream) for name, shape in canonical_shapes(config).items()}
        )

    @staticmethod
    def load(folder: Path | str) -> Backbone:
        """Read weights.safetensors, backbone.json and, if it is there, tokens.json of a backbone's folder.

        Raises UserError when a file is missing or the weights do not have the shapes that backbone.json promises.
        """
        folder = Path(folder)
        for name in (WEIGHTS, "backbone.json"):
            if not (folder / name).is_file():
                raise UserError(f"{folder} has no {name}: make it with `tcclip backbone`")
        config, weights = BackboneConfig(**read_json(folder / "backbone.json")["architecture"]), folder / WEIGHTS
        cure = f"`rm -r {folder}`, and `tcclip backbone` with the suite's name writes it again"
        tensors = read_weights(weights, cure)
        found = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
        check_names(found, canonical_shapes(config), str(weights), cure)
        tokens = folder / "tokens.json"
        try:
            return Backbone(config, tensors, read_json(tokens))
        except FileNotFoundError:  # before it is made, or while it is made anew
            return Backbone(config, tensors)

    def save(self, folder: Path | str, facts: Mapping[str, Any] | None = None) -> str:
        """Write weights.safetensors and backbone.json (sizes, sha256, `facts`); returns the sha256.

        tokens.json is written only for a backbone that has texts: in the pipeline another stage writes it.
        """
        folder = Path(folder)
        with atomic(folder / WEIGHTS) as part:
            save_file({name: tensor.contiguous() for name, tensor in self.tensors.items()}, part)
        if self.tokens:
            write_json(folder / "tokens.json", dict(self.tokens))
        digest = sha256(folder / WEIGHTS)
        write_json(folder / "backbone.json", {"architecture": asdict(self.config), "sha256": digest, **(facts or {})})
        return digest


def check_names(
    found: Mapping[str, tuple[int, ...]], expected: Mapping[str, tuple[int, ...]], where: str, cure: str
) -> None:
    """Refuse, as a UserError that ends with `cure`, tensors that are missing, unknown or of another shape."""
    missing, strange = sorted(expected.keys() - found.keys()), sorted(found.keys() - expected.keys())
    if missing:
        raise UserError(f"{where} lacks {len(missing)} tensors of this model, the first is '{missing[0]}': {cure}")
    if strange:
        raise UserError(
            f"{where} has {len(strange)} tensors that this model does not know, the first is '{strange[0]}': {cure}"
        )
    for name, shape in expected.items():
        if tuple(found[name]) != tuple(shape):
            has, needs = tuple(found[name]), tuple(shape)
            raise UserError(f"{where}: '{name}' has the shape {has}, and this model needs {needs}: {cure}")


def _initial(name: str, shape: tuple[int, ...], config: BackboneConfig, stream: torch.Generator) -> Tensor:
    """One tensor of an untrained CLIP."""
    if name == "logit_scale":
        return torch.tensor(math.log(1 / 0.07))
    if "ln_" in name:
        return torch.ones(shape) if name.endswith("weight") else torch.zeros(shape)
    if name.endswith("bias"):
        return torch.zeros(shape)
    return torch.randn(shape, generator=stream) * _deviation(name, config)


def _deviation(name: str, config: BackboneConfig) -> float:
    """Standard deviation of a weight at the start (CLIP, section 2.4 and the released initialisation)."""
    vision = name.startswith("visual.")
    width, layers = (config.vision_width, config.vision_layers) if vision else (config.text_width, config.text_layers)
    rules: dict[str, float] = {
        "conv1.weight": 1 / (config.patch_size * math.sqrt(3)),
        "token_embedding.weight": 0.02,
        "positional_embedding": 1 / math.sqrt(width) if vision else 0.01,
        "out_proj.weight": 1 / math.sqrt(2 * width * layers),
        "c_proj.weight": 1 / math.sqrt(2 * width * layers),
        "c_fc.weight": 1 / math.sqrt(2 * width),
    }
    return next((value for ending, value in rules.items() if name.endswith(ending)), 1 / math.sqrt(width))
