"""GPUs that a job asks for: a sentence, before anything is read or computed, where there is none that works.

Nothing here falls back on the CPU: a training that a person wanted on a GPU would take weeks there without a word.
"""

from __future__ import annotations

import os

import torch

from tcclip.errors import UserError
from tcclip.process.cards import VISIBLE, asked
from tcclip.process.log import log


def check_shown(count: int, instead: str) -> None:
    """Refuse a job of `count` GPUs where this process sees fewer; `instead` says what needs none.

    Leaves the GPUs alone, so that a process may ask that only starts others.
    """
    there = torch.cuda.device_count()
    if there < count:
        raise UserError(f"{asked(count)}, and {_missing(there)}: {instead}")


def check_works(instead: str) -> None:
    """Refuse to go on where the GPU of this process cannot add two numbers."""
    number = os.environ.get("LOCAL_RANK", "0")
    try:
        torch.ones(2, device="cuda").sum().item()
    except torch.OutOfMemoryError as error:
        raise UserError(
            f"GPU {number} has no free memory (`nvidia-smi` shows who uses it; try again when it has ended): {instead}"
        ) from error
    except (RuntimeError, AssertionError) as error:
        raise UserError(f"GPU {number} does not work ({_first_line(error)}): {instead}") from error


def works() -> bool:
    """Whether there is a GPU that can add two numbers; of one that cannot, a line says why."""
    if not torch.cuda.is_available():
        return False
    try:
        check_works("this job computes on the CPU")
    except UserError as error:
        log(str(error))
        return False
    return True


def _missing(there: int) -> str:
    """Why this process sees only so many GPUs."""
    visible = os.environ.get(VISIBLE)
    if there:
        return f"this job sees {there}" + (f" ({VISIBLE} is '{visible}')" if visible is not None else "")
    if not torch.backends.cuda.is_built():  # type: ignore[no-untyped-call]
        return f"torch {torch.__version__} was built without CUDA and can use none"
    if visible is not None:
        return f"this job sees none ({VISIBLE} is '{visible}')"
    try:
        torch.cuda.init()  # type: ignore[no-untyped-call]
    except (RuntimeError, AssertionError) as error:
        return f"there is none that works ({_first_line(error)})"
    return "this job sees none"


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
