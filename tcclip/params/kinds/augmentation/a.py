"""Recipe A of methods.md 1.3: RandAugment, crops of the frames as they are stored at more places, the rest as X."""

from __future__ import annotations

from typing import Literal

from tcclip.params.kinds.augmentation._multi_scale import MultiScale
from tcclip.params.kinds.augmentation.v import RandAugment


class Settings(MultiScale):
    """Recipe A, ActionCLIP's."""

    kind: Literal["a"] = "a"
    rand_augment: RandAugment | None  # operations, drawn for every frame of its own; null: none
