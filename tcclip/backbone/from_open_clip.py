"""Weights from open_clip, checked against the suite's architecture. The only place that downloads CLIP."""

from __future__ import annotations

from pathlib import Path

from tcclip.errors import UserError
from tcclip.models import Backbone
from tcclip.models.backbone import check_names
from tcclip.models.config import canonical_shapes
from tcclip.params.suite import BackboneSource

OTHER = "the suite's backbone.architecture is that of another model"
BUFFERS = ("attn_mask",)  # in open_clip's state dict, but not a weight


def convert(settings: BackboneSource, folder: Path) -> str:
    """Load `settings.open_clip` with the weights `settings.pretrained` (a tag or a file) and write them.

    open_clip's state dict has OpenAI's names, which are the canonical ones. The plain "ViT-B-16" would build GELU
    layers for weights that were trained with QuickGELU, hence a name that ends in -quickgelu.
    """
    import open_clip

    assert settings.open_clip is not None
    try:
        model = open_clip.create_model(settings.open_clip, pretrained=settings.pretrained, precision="fp32")
    except Exception as error:
        raise UserError(
            f"open_clip could not give {settings.open_clip} with the weights '{settings.pretrained}' ({error}): "
            "run `tcclip backbone` once on a machine with network, or set backbone.pretrained in the suite's file "
            "to a weights file you have"
        ) from error
    tensors = {name: tensor.float().contiguous() for name, tensor in model.state_dict().items() if name not in BUFFERS}
    config = settings.architecture
    shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    check_names(shapes, canonical_shapes(config), f"open_clip's {settings.open_clip}", OTHER)
    source = f"open_clip {settings.open_clip}, {settings.pretrained}"
    digest = Backbone(config, tensors).save(folder, {"source": source})
    parameters = sum(tensor.numel() for tensor in tensors.values())
    return f"{parameters:,} parameters, sha256 {digest[:12]}"
