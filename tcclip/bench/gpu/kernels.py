"""What single kernels take: attention in its forms, matching in its precisions, and the way of clips to the card."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from tcclip.bench.steps import SEED
from tcclip.bench.timing import timed
from tcclip.models.attention import Attended, attend
from tcclip.models.summarizer.matching import match
from tcclip.process.files import write_json
from tcclip.process.runtime import autocast, deterministic

REPEAT = 10


def measure(device: torch.device, tiny: bool, out: Path) -> None:
    """Write milliseconds of each kernel, the best of some calls, or what went wrong with it."""
    videos, frames, places, heads, context = (2, 2, 17, 2, 6) if tiny else (32, 16, 197, 12, 96)
    found: dict[str, Any] = {}

    def note(name: str, work: Callable[[], None]) -> None:
        try:
            work()
            found[name] = 1000 * min(timed(work, device)[0] for _ in range(1 if tiny else REPEAT))
        except Exception as error:  # of whatever kind: the others are measured
            found[name] = f"{type(error).__name__}: {(str(error).splitlines() or ['no word'])[0][:200]}"
        write_json(out, {"ms": found})

    shape = (videos, frames, places, heads, 64)
    query, own = (torch.randn(shape, device=device, dtype=torch.bfloat16) for _ in range(2))
    more = torch.randn(videos, frames, context, heads, 64, device=device, dtype=torch.bfloat16)
    key = torch.cat([own, more], dim=2)
    bias = torch.randn(heads, places + context, device=device)
    for gradients in (True, False):
        deterministic(1, SEED, gradients)
        mode = "repeatable" if gradients else "any kernel"
        for name, keys, added in (
            ("own keys", own, None),
            ("with context", key, None),
            ("with context and bias", key, bias),
        ):
            note(f"attention, {name}, forward, {mode}", partial(_attention, query, keys, added, False))
            note(f"attention, {name}, forward and back, {mode}", partial(_attention, query, keys, added, True))
    seeds = torch.randn(videos, 4 * context if tiny else 928, 64 * heads, device=device)
    note("matching, float32", partial(_matching, seeds, context, "fp32"))
    if device.type == "cuda":
        note("matching, halves on tensor cores", partial(_matching, seeds, context, "bf16"))
        clips = torch.empty(videos, frames, 3, 224, 224, pin_memory=True)
        note("copy of the clips, pinned float32", partial(_copied, clips, device))


def _copied(clips: Tensor, device: torch.device) -> None:
    clips.to(device, non_blocking=True)


def _attention(query: Tensor, key: Tensor, bias: Tensor | None, back: bool) -> None:
    """As a layer calls it: with gradients the bias goes into the keys, without them it is a mask."""
    parts = [part.detach().requires_grad_(back) for part in (query, key)]
    added = None if bias is None else bias.detach().requires_grad_(back)
    with torch.set_grad_enabled(back):
        out = attend(parts[0], Attended(parts[0], parts[1], parts[1], query.shape[2] - 1, added))
        if back:
            F.mse_loss(out, torch.zeros_like(out)).backward()  # type: ignore[no-untyped-call]


def _matching(seeds: Tensor, k: int, precision: str) -> None:
    with autocast(seeds.device, precision):
        match(seeds, k, 100)


def main() -> None:
    """`python -m tcclip.bench.gpu.kernels OUT --device cuda`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--tiny", action="store_true")
    given = parser.parse_args()
    measure(torch.device(given.device), given.tiny, given.out)


if __name__ == "__main__":
    main()
