"""The small CLIP as files: weights.safetensors and backbone.json. The token table of texts is another stage's."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from safetensors.torch import save_file

from tcclip.files import atomic, sha256, write_json
from tcclip.models.config import BackboneConfig
from tcclip.params.suite import Backbone
from tcclip.pretraining.loop import train_clip


def pretrain(settings: Backbone, folder: Path) -> str:
    """Pre-train `settings.architecture` and write its weights and facts into `folder`; returns a line about them."""
    assert settings.pretraining is not None
    architecture = settings.architecture.model_dump()
    backbone, check = train_clip(BackboneConfig(**architecture), settings.pretraining)
    with atomic(folder / "weights.safetensors") as part:
        save_file(dict(backbone.tensors), part)
    facts = {
        "architecture": architecture,
        "source": "pre-trained on generated stills",
        "pretraining": settings.pretraining.model_dump(),
        "sha256": sha256(folder / "weights.safetensors"),
        "zero_shot_on_unseen_stills": asdict(check),
    }
    write_json(folder / "backbone.json", facts)
    parameters = sum(tensor.numel() for tensor in backbone.tensors.values())
    return (
        f"{parameters:,} parameters, zero-shot {check.top1:.1f} % of {check.pictures} unseen stills "
        f"({check.classes} names, chance {check.chance:.1f} %)"
    )
