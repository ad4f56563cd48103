"""Sizes of a CLIP backbone: what a suite's file says of it, and what models are built with.

A plain dataclass, so that whoever builds a model may give the sizes in their order; pydantic reads it from YAML.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pydantic import ConfigDict

from tcclip.params.numbers import Count


@dataclass(frozen=True)
class BackboneConfig:
    """A CLIP with a ViT vision tower; ViT-B/16 is BackboneConfig(224, 16, 768, 12, 12, 512, 8, 12, 512)."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    image_size: Count  # pixels
    patch_size: Count  # pixels
    vision_width: Count  # channels
    vision_heads: Count  # of the attention
    vision_layers: Count  # blocks
    text_width: Count  # channels
    text_heads: Count  # of the attention
    text_layers: Count  # blocks
    embed_dim: Count  # the joint space of videos and texts

    def __post_init__(self) -> None:
        """Raises ValueError where a size does not divide by what it is cut into."""
        if self.image_size % self.patch_size:
            raise ValueError("image_size must be a multiple of patch_size")
        if self.vision_width % self.vision_heads or self.text_width % self.text_heads:
            raise ValueError("a width must be a multiple of its heads")

    @property
    def patches(self) -> int:
        """N, the patch tokens of one frame."""
        return (self.image_size // self.patch_size) ** 2
