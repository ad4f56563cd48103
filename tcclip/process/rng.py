"""Random numbers by name: the same key gives the same draws, whatever was drawn before and in whichever process."""

from __future__ import annotations

import hashlib

import numpy as np


def generator(*key: str | int) -> np.random.Generator:
    """The generator of `key`, for example generator(seed, "clip", epoch, video)."""
    digest = hashlib.sha256("\0".join(str(part) for part in key).encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "little")))
