"""Which patches the last context tokens of a video are made of (paper, Fig. 6), for methods with `tc.trace`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from tcclip.data.clips.testing import ViewClips
from tcclip.data.clips.views import views_of
from tcclip.models.clip_video import ClipVideo
from tcclip.process.files import atomic
from tcclip.process.runtime import autocast


def write_trace(path: Path, model: ClipVideo, clips: ViewClips, device: torch.device, precision: str) -> None:
    """Write, for the first view of every video: its frames (V, T), seeds (V, T, S) and their tokens (V, T, S)."""
    first = views_of(clips.views)[0]
    frames, seeds, tokens = [], [], []
    model.eval()
    with torch.inference_mode(), autocast(device, precision):
        for video in clips.videos:
            chosen, clip = clips.clip(video, first)
            seen = model.encode_video(clip[None].to(device))
            assert seen.seeds is not None and seen.group is not None  # a method with tc makes them
            frames.append(chosen)
            seeds.append(seen.seeds[0].cpu().numpy().astype(np.int16))  # (T, S)
            tokens.append(seen.group[0].view(seen.seeds[0].shape).cpu().numpy().astype(np.int16))
    with atomic(path) as part, open(part, "wb") as file:
        np.savez_compressed(
            file, video=np.array(clips.videos), frame=np.stack(frames), seed=np.stack(seeds), token=np.stack(tokens)
        )
