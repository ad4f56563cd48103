"""Files of weights: written whole with their hash, read whole and unchanged, or refused with what makes them anew."""

from __future__ import annotations

from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from tcclip.errors import UserError
from tcclip.process.files import atomic, json_or_nothing, sha256


def write_weights(tensors: dict[str, Tensor], path: Path) -> str:
    """Write tensors atomically; returns the hash of the file."""
    with atomic(path) as part:
        save_file(tensors, part)
        return sha256(part)


def read_weights(path: Path, cure: str) -> dict[str, Tensor]:
    """The tensors of a safetensors file by their names; UserError that ends with `cure` where it is no whole one."""
    try:
        tensors: dict[str, Tensor] = load_file(path)
    except SafetensorError as error:
        raise UserError(f"{path} is not whole ({error}): {cure}") from error
    return tensors


def read_run_weights(path: Path, cure: str) -> dict[str, Tensor]:
    """As `read_weights`, of a run's folder; refused too where they are not the bytes that its training has written.

    training.json beside them has their hashes (`weights`). safetensors would not notice a byte that a copy
    or a disk has changed.
    """
    told = json_or_nothing(path.with_name("training.json")).get("weights", {}).get(path.name)
    if told is not None and told != sha256(path):
        raise UserError(f"{path} has other bytes than its training wrote (training.json has their hash): {cure}")
    return read_weights(path, cure)
