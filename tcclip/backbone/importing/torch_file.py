"""Reading a file of `torch.save` without running anything from it.

A pickle may name any function and have it called. Here the only names with a meaning are those of tensors and ordered
mappings, and they mean functions of this module; every other name stands for `Foreign`, which does nothing.

Why not `torch.load(weights_only=True, mmap=True)` with stand-ins for what a file names (torch.serialization:
get_unsafe_globals_in_checkpoint, safe_globals), as tried with torch 2.15: it refuses a whole file for one name that it
blocks (os, sys, eval), also where only the optimizer's state has it, which nobody needs; the stand-ins hold for the
whole process; and it reads numbers without their checksums, so that a damaged download would become a run.
"""

from __future__ import annotations

import pickle
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import torch
from torch import Tensor

from tcclip.errors import UserError

PICKLE_LIMIT = 64 * 2**20  # bytes of the part that is not tensors; released checkpoints have less than one MB
DTYPES = {
    "DoubleStorage": torch.float64,
    "FloatStorage": torch.float32,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
}


class Foreign:
    """In the place of every object, class or function that a file names and we do not know: takes all, does nothing."""

    def __init__(self, *_arguments: object, **_keywords: object) -> None:
        pass

    def __call__(self, *_arguments: object, **_keywords: object) -> Foreign:
        """Be called without doing anything."""
        return self

    def __setstate__(self, _state: object) -> None:
        pass

    def __setitem__(self, _key: object, _value: object) -> None:
        pass

    def append(self, _item: object) -> None:
        """Take an item of a list."""

    def extend(self, _items: object) -> None:
        """Take items of a list."""

    def add(self, _item: object) -> None:
        """Take an item of a set."""


@dataclass(frozen=True)
class Storage:
    """Where the numbers of one or more tensors lie in the file."""

    key: str
    dtype: torch.dtype


@dataclass(frozen=True)
class Stored:
    """A tensor that is not read yet."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]


class TorchFile:
    """`content` is what was saved, with a `Stored` in the place of each tensor; `tensor` reads one."""

    def __init__(self, path: Path) -> None:
        """Raises UserError when `path` is not a file of `torch.save` in its zip format."""
        self.path = path
        try:
            self._zip = zipfile.ZipFile(path)
            self._root = next(name for name in self._zip.namelist() if name.endswith("/data.pkl"))[: -len("data.pkl")]
            if self._zip.getinfo(self._root + "data.pkl").file_size > PICKLE_LIMIT:
                raise ValueError("its description is too long")
            with self._zip.open(self._root + "data.pkl") as file:
                self.content: Any = _Reader(file).load()
        except FileNotFoundError as error:
            raise UserError(f"{path} is not there: give the path of a checkpoint (.pth)") from error
        except Exception as error:  # a damaged or malicious pickle may fail anywhere
            raise UserError(
                f"{path} cannot be read as a file of torch.save in zip format ({type(error).__name__}): "
                "download it again, or save it again with torch 1.6 or newer"
            ) from error

    def tensor(self, stored: Stored) -> Tensor:
        """The numbers of one tensor."""
        try:
            numbers = bytearray(self._zip.read(f"{self._root}data/{stored.storage.key}"))
            flat = torch.frombuffer(numbers, dtype=stored.storage.dtype)
            return flat.as_strided(stored.shape, stored.stride, stored.offset).clone()
        except Exception as error:
            raise UserError(
                f"{self.path} is damaged: the numbers of a tensor cannot be read: download it again"
            ) from error


class _Reader(pickle.Unpickler):
    """A pickle's objects; no name in it reaches any code but this module's."""

    def __init__(self, file: BinaryIO | Any) -> None:
        super().__init__(file, encoding="utf-8")

    def find_class(self, module: str, name: str) -> Any:
        # a new object for every name, because a pickle may also set attributes of what it has been given
        if (module, name) == ("collections", "OrderedDict"):
            return lambda *_: _Mapping()
        if module == "torch" and name in DTYPES:
            return DTYPES[name]
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return lambda *parts: _tensor(*parts)
        if (module, name) == ("torch._utils", "_rebuild_parameter"):
            return lambda tensor, *_: tensor
        return type(name, (Foreign,), {})

    def persistent_load(self, pid: Any) -> Storage:
        kind, dtype, key, *_ = pid
        if kind != "storage" or not isinstance(dtype, torch.dtype) or not str(key).isalnum():
            raise pickle.UnpicklingError("unknown storage")
        return Storage(str(key), dtype)


class _Mapping(dict[Any, Any]):
    """An ordered mapping whose attributes (a state dict has some) are dropped."""

    def __setstate__(self, _state: object) -> None:
        pass


def _tensor(storage: Any, offset: Any, shape: Any, stride: Any, *_: object) -> Stored:
    numbers = [offset, *shape, *stride]
    if not isinstance(storage, Storage) or any(type(number) is not int or number < 0 for number in numbers):
        raise pickle.UnpicklingError("malformed tensor")
    return Stored(storage, offset, tuple(shape), tuple(stride))
