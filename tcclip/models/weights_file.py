"""Files of weights: read whole, or refused with what makes them anew."""

from __future__ import annotations

from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from tcclip.errors import UserError


def read_weights(path: Path, cure: str) -> dict[str, Tensor]:
    """The tensors of a safetensors file by their names; UserError that ends with `cure` where it is no whole one."""
    try:
        tensors: dict[str, Tensor] = load_file(path)
    except SafetensorError as error:
        raise UserError(f"{path} is not whole ({error}): {cure}") from error
    return tensors
