"""CLIP's weights as a file: pre-trained here for the mini suite, OpenAI's from open_clip for the paper."""

from __future__ import annotations

from pathlib import Path

from tcclip.params.suite import Backbone


def make_backbone(settings: Backbone, folder: Path) -> str:
    """Write weights.safetensors and backbone.json into `folder`; returns a line about them."""
    if settings.pretraining:
        from tcclip.pretraining.pretrain import pretrain

        return pretrain(settings, folder)
    from tcclip.backbones.from_open_clip import convert

    return convert(settings, folder)
