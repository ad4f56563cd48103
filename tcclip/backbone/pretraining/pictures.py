"""Captioned stills as a small CLIP sees them: token ids, light augmentation, pixel statistics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from tcclip.data.clips.normalising import normalise
from tcclip.data.resizing import stored_side
from tcclip.mini.stills import stills
from tcclip.models.canonical import POSITIONS
from tcclip.models.tokens import token_rows, tokenize

BRIGHTNESS = 0.2  # factor of a picture, 1 +- this; hues stay, because captions name colours
NOISE = 0.02  # largest standard deviation of pixel noise, of a range of 1


@dataclass(frozen=True)
class Pictures:
    """All pictures of a pre-training."""

    pixels: Tensor  # (n, S, S, 3) uint8, S larger than the model's input
    text: Tensor  # (n,) int64: the picture's row in `rows`
    rows: Tensor  # (texts, L) int64: ids in the compact vocabulary, padded with 0
    vocabulary: Tensor  # (words,) int64, rising: CLIP's id of each compact id


def load_pictures(count: int, size: int, seed: int) -> Pictures:
    """`count` captioned stills with room for a shifted crop of `size` pixels."""
    pixels, captions = stills(count, stored_side(size), seed)
    texts, text = np.unique(captions, return_inverse=True)
    rows, vocabulary = compact(texts.tolist())
    return Pictures(torch.from_numpy(pixels), torch.from_numpy(text), rows, vocabulary)


def compact(texts: Sequence[str]) -> tuple[Tensor, Tensor]:
    """Token rows (texts, L) in a vocabulary of only the words that occur, and CLIP's ids of that vocabulary.

    Rising order keeps [EOT] the largest id. Training 49,408 rows of which a hundred occur would double a step's time.
    """
    rows = token_rows(texts, tokenize(texts), POSITIONS)
    rows = rows[:, : int((rows > 0).sum(dim=1).max())]
    vocabulary, ids = torch.unique(rows, return_inverse=True)
    return ids, vocabulary


def augmented(pixels: Tensor, size: int, norm: str, rng: np.random.Generator) -> Tensor:
    """Random crop, mirror image, brightness and noise, each drawn per picture.

    pixels (B, S, S, 3) uint8 -> (B, 3, size, size) float32, normalised. Captions name no side, so a picture may be
    mirrored.
    """
    batch, free = len(pixels), pixels.shape[1] - size
    top, left = (torch.from_numpy(rng.integers(0, free + 1, batch)) for _ in range(2))
    along = torch.arange(size)
    flip = torch.from_numpy(rng.random(batch) < 0.5)
    columns = torch.where(flip[:, None], along.flip(0), along) + left[:, None]  # (B, size)
    rows = along + top[:, None]
    picture = torch.arange(batch)[:, None, None]
    crops = pixels[picture, rows[:, :, None], columns[:, None, :]]  # (B, size, size, 3)
    values = crops.permute(0, 3, 1, 2).float() / 255
    factor = torch.from_numpy(rng.uniform(1 - BRIGHTNESS, 1 + BRIGHTNESS, (batch, 1, 1, 1)).astype(np.float32))
    strength = torch.from_numpy(rng.uniform(0, NOISE, (batch, 1, 1, 1)).astype(np.float32))
    noise = torch.from_numpy(rng.standard_normal(values.shape, dtype=np.float32))
    return normalise((values * factor + noise * strength).clamp_(0, 1), norm)


def centred(pixels: Tensor, size: int, norm: str) -> Tensor:
    """The centre crops of pixels (B, S, S, 3) uint8 -> (B, 3, size, size), normalised."""
    start = (pixels.shape[1] - size) // 2
    crops = pixels[:, start : start + size, start : start + size]
    return normalise(crops.permute(0, 3, 1, 2).float() / 255, norm)
