"""Weights from open_clip, checked against the suite's architecture. The only place that downloads CLIP."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

from torch import Tensor

from tcclip.errors import UserError
from tcclip.models import Backbone
from tcclip.models.backbone import check_names
from tcclip.models.canonical import canonical_shapes
from tcclip.params.architecture import BackboneConfig
from tcclip.params.suite import BackboneSource

OTHER = "the suite's backbone.architecture is that of another model"
BUFFERS = ("attn_mask",)  # in open_clip's state dict, but not a weight
QUICK = "-quickgelu"  # how open_clip calls the models that compute as OpenAI's


def convert(settings: BackboneSource, folder: Path) -> str:
    """Load `settings.open_clip` with the weights `settings.pretrained` (a tag or a file) and write them.

    open_clip's state dict has OpenAI's names, which are the canonical ones.

    Raises:
        UserError: the weights cannot be had or are not finite, or the model is another than what is computed here.
    """
    assert settings.open_clip is not None
    name, weights = settings.open_clip, settings.pretrained
    model = _loaded(name, weights)
    tensors = {name: tensor.float().contiguous() for name, tensor in model.state_dict().items() if name not in BUFFERS}
    config = settings.architecture
    shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    check_names(shapes, canonical_shapes(config), f"open_clip's {name}", OTHER)
    _check_blocks(model, config, name)
    _check_finite(tensors, weights or name)
    source = ", ".join(filter(None, (f"open_clip {name}", weights)))
    digest = Backbone(config, tensors).save(folder, {"source": source})
    parameters = sum(tensor.numel() for tensor in tensors.values())
    return f"{parameters:,} parameters, sha256 {digest[:12]}"


def _loaded(name: str, weights: str | None) -> Any:
    import open_clip

    try:
        return open_clip.create_model(name, pretrained=weights, precision="fp32", require_pretrained=True)
    except Exception as error:
        said = textwrap.shorten(str(error), 300, placeholder=" ...")
        if weights and Path(weights).is_file():
            raise UserError(
                f"{weights} does not hold the weights of open_clip's {name} ({said}): set backbone.open_clip and "
                "backbone.pretrained in the suite's file to a model and to weights that are of each other"
            ) from error
        raise UserError(
            f"open_clip could not give {name} with the weights '{weights or name}' ({said}): "
            "run `tcclip backbone` once on a machine with network, or set backbone.pretrained in the suite's file "
            "to a weights file you have"
        ) from error


def _check_blocks(model: Any, config: BackboneConfig, name: str) -> None:
    """What no weight shows: how many heads an attention has, and which function is between its layers."""
    for tower, heads, blocks in (
        ("vision", config.vision_heads, model.visual.transformer.resblocks),
        ("text", config.text_heads, model.transformer.resblocks),
    ):
        if wrong := [block.attn.num_heads for block in blocks if block.attn.num_heads != heads]:
            raise UserError(f"open_clip's {name} has {wrong[0]} {tower}_heads and not {heads}: {OTHER}")
        quick = f"{'ViT-B-16' if ':' in name else name}{QUICK}"
        if other := [kind for block in blocks if (kind := type(block.mlp.gelu).__name__) != "QuickGELU"]:
            raise UserError(
                f"open_clip's {name} computes with {other[0]}, and this program with QuickGELU, as OpenAI's CLIP: set "
                f"backbone.open_clip in the suite's file to such a model ({quick}), with weights that were trained so"
            )


def _check_finite(tensors: dict[str, Tensor], weights: str) -> None:
    for name, tensor in tensors.items():
        if not tensor.isfinite().all():
            raise UserError(f"{weights}: '{name}' has values that are not finite: get the weights again")
