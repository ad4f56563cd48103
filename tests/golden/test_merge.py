"""Bipartite soft matching against the reference, seven sizes."""

from __future__ import annotations

import re

import goldens
import numpy as np
import pytest
import torch

from tcclip.models.summarizer.bipartite import bipartite
from tcclip.models.summarizer.matching import schedule

GOLDEN = goldens.arrays("merge")
CASES = sorted({name.split("/")[0] for name in GOLDEN})


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=["float64", "float32"])
@pytest.mark.parametrize("case", CASES)
def test_seeds_merge_as_in_the_reference(case: str, dtype: torch.dtype) -> None:
    n, k, r, d = (int(number) for number in re.findall(r"\d+", case))
    seeds = goldens.convention.stream(f"merge/{case}").standard_normal((2, n, d)).astype(np.float32)
    assert np.array_equal(seeds.ravel()[:4], GOLDEN[f"{case}/probe"])
    removed = schedule(n, k, r)
    assert removed == GOLDEN[f"{case}/schedule"].tolist()
    assert (n - np.cumsum(removed)).tolist() == GOLDEN[f"{case}/counts"].tolist()
    summary = bipartite(torch.from_numpy(seeds).to(dtype), k, r)
    assert np.array_equal(summary.group.numpy(), GOLDEN[f"{case}/group"])
    size = np.stack([np.bincount(group, minlength=min(n, k)) for group in summary.group.numpy()])
    assert np.array_equal(size, GOLDEN[f"{case}/size"])
    assert np.abs(summary.context.numpy() - GOLDEN[f"{case}/out"]).max() < (5e-7 if dtype == torch.float64 else 1e-5)
