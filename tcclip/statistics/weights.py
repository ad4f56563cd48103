"""The draws of the bootstrap: how much a recording, and a seed, counts in each replicate.

They follow from names and the seed of params/statistics.yaml alone, so that a recording has the same weights in every
split, run and table. A video that is no clip of a known recording is one by itself.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tcclip.params.statistics import Statistics

KEPT = 65_536  # videos or recordings, of 8 kB each; the paper's tables test some 50,000


def unit_weights(settings: Statistics, dataset: str, units: Sequence[str]) -> np.ndarray:
    """Weights (draws, U) of a data set's videos, or of its recordings, with mean 1.

    Gamma weights of variance 1 are the Bayesian bootstrap (Rubin 1981). Unlike multinomial counts they have a value for
    every unit by itself, and no replicate is without a rare mistake.
    """
    weights = np.empty((settings.draws, len(units)), np.float32)
    for place, unit in enumerate(units):
        weights[:, place] = _of_unit(settings, dataset, unit)
    return weights


@functools.lru_cache(maxsize=KEPT)
def _of_unit(settings: Statistics, dataset: str, unit: str) -> NDArray[np.float32]:
    """A video's or recording's weights (draws,); the page asks for those of a data set once for each table."""
    return _gamma(settings, 1, settings.draws, "video", dataset, unit).astype(np.float32)


def half_weights(settings: Statistics, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Weights (draws,) of half a video that evaluation `name` has right and of half a one that it has wrong.

    They make the interval of one accuracy Jeffreys' (Brown, Cai and DasGupta 2001), also where nothing, or all, is
    right.
    """
    right, wrong = _gamma(settings, 0.5, 2 * settings.draws, "half", name).reshape(2, -1)
    return right, wrong


def seed_shares(settings: Statistics, seeds: Sequence[int]) -> np.ndarray:
    """Shares (draws, S) by which the values of S seeds are added up: they sum to 1.

    The sum is distributed as the mean of all seeds that there could be is, seen from these: about their mean by
    Student's t with S - 1 degrees of freedom, because how much seeds differ is known from S of them alone.
    """
    count = len(seeds)
    if count == 1:
        return np.ones((settings.draws, 1))
    generator = _generator(settings, "seeds", *map(str, seeds))
    normal = generator.standard_normal((settings.draws, count))
    scale = np.sqrt((count - 1) / generator.chisquare(count - 1, (settings.draws, 1)))
    apart = normal - normal.mean(axis=1, keepdims=True)
    return np.asarray(1 / count + scale * apart / np.sqrt(count * (count - 1)))


def _gamma(settings: Statistics, mean: float, size: int, *names: str) -> np.ndarray:
    """Draws of the given mean and of variance `settings.variance` times that."""
    drawn = _generator(settings, *names).standard_gamma(mean / settings.variance, size)
    return np.asarray(settings.variance * drawn)


def _generator(settings: Statistics, *names: str) -> np.random.Generator:
    digest = hashlib.sha256("\0".join(names).encode()).digest()
    return np.random.default_rng([settings.seed, *np.frombuffer(digest, np.uint32).tolist()])
