"""What a kind of text adds to CLIP's tower."""

from __future__ import annotations

from typing import NamedTuple

from tcclip.models.part import Part


class TextPart(NamedTuple):
    """Vectors in the place of the prompt's first words; part None: the words stay."""

    prompts: int = 0  # learned vectors, the parameter `prompt_vectors` of the part
    part: Part | None = None
