"""The generated videos are the same bytes whatever was in the memory before."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tcclip.mini.cameras import ROLES
from tcclip.mini.datasets import CONTENTS
from tcclip.mini.encode import Coding, encode
from tcclip.params import load_dataset

CODINGS = {role: ROLES[role].coding for role in ("k400", "hmdb51", "ssv2")}


@pytest.fixture(scope="module")
def clips() -> list[np.ndarray]:
    """Frames of three generated videos."""
    dataset = load_dataset("mini_k400")
    assert dataset.generate is not None  # type: ignore[union-attr]
    return [np.stack(list(clip.frames())) for clip in CONTENTS["k400"](dataset.generate).clips[:45:15]]  # type: ignore[union-attr]


@pytest.mark.parametrize("coding", CODINGS.values(), ids=[coding.suffix for coding in CODINGS.values()])
def test_the_same_frames_are_the_same_bytes_again(tmp_path: Path, coding: Coding, clips: list[np.ndarray]) -> None:
    rng = np.random.default_rng(0)
    for frames in clips:
        files = set()
        for _ in range(6):
            litter = [rng.integers(0, 255, int(rng.integers(1000, 400_000)), dtype=np.uint8) for _ in range(60)]
            del litter  # memory that is given out again is not empty
            path = tmp_path / f"a{coding.suffix}"
            encode(path, frames, 25, coding)
            files.add(path.read_bytes())
        assert len(files) == 1
