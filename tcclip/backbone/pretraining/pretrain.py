"""The small CLIP as files: weights.safetensors and backbone.json."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from tcclip.backbone.pretraining.loop import train_clip
from tcclip.params.suite import BackboneSource


def pretrain(settings: BackboneSource, folder: Path) -> str:
    """Pre-train `settings.architecture` and write its weights and facts into `folder`; returns a line about them."""
    assert settings.pretraining is not None
    backbone, check = train_clip(settings.architecture, settings.pretraining)
    facts = {
        "source": "pre-trained on generated stills",
        "pretraining": settings.pretraining.model_dump(),
        "zero_shot_on_unseen_stills": asdict(check),
    }
    backbone.save(folder, facts)
    parameters = sum(tensor.numel() for tensor in backbone.tensors.values())
    return (
        f"{parameters:,} parameters, zero-shot {check.top1:.1f} % of {check.pictures} unseen stills "
        f"({check.classes} names, chance {check.chance:.1f} %)"
    )
