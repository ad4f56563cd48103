"""Replicates of a table's cells as a file: reports/<suite>/intervals/<table>.npz."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from tcclip.process.files import atomic
from tcclip.statistics.cells import Key


def write_replicates(path: Path, found: Mapping[Key, np.ndarray]) -> None:
    """Arrays `cells` (n, 3) of group, row and column, and `replicates` float32 (n, draws) in percent."""
    cells = np.array(list(found), dtype=str).reshape(-1, 3)
    replicates = (
        np.array(list(found.values()), np.float32).reshape(len(cells), -1) if found else np.zeros((0, 0), np.float32)
    )
    with atomic(path) as part, open(part, "wb") as file:
        np.savez(file, cells=cells, replicates=replicates)


def read_replicates(path: Path) -> dict[Key, np.ndarray]:
    """Group, row, column -> replicates (draws,) in percent, of the cells that have them."""
    with np.load(path) as file:
        cells, replicates = file["cells"], file["replicates"]
    return {(str(g), str(r), str(c)): of for (g, r, c), of in zip(cells, replicates.astype(float), strict=True)}
