"""What a run depends on: the params, the code and the data that make its result stale when they change.

`depends_on` of the stages `train` and `evaluate` says it; their rules, the mark of a resume state, MLflow's tags and
`tcclip explain` all ask there.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tcclip.errors import UserError
from tcclip.params.kinds.chosen_kinds import modules_of
from tcclip.params.reader import Params
from tcclip.stages import fingerprint


@dataclass(frozen=True)
class Depends:
    """What a result depends on."""

    settings: dict[str, Any]  # flat: exactly the params that count
    modules: tuple[str, ...]  # what they import from tcclip counts as well
    inputs: list[Path]

    @property
    def code(self) -> str:
        """Fingerprint of the code."""
        return fingerprint.code(*self.modules)


def require(paths: Iterable[Path], command: str) -> None:
    """Refuse to begin where an input is not there, as it may be for whoever types a stage; `command` makes it."""
    absent = [path for path in paths if not path.exists()]
    if absent:
        more = f", and {len(absent) - 1} more" if len(absent) > 1 else ""
        raise UserError(f"{absent[0]} is not there{more}: `{command}` makes what is missing, and then this")


@contextlib.contextmanager
def told_missing(command: str) -> Iterator[None]:
    """`require` for a block that reads its inputs itself."""
    try:
        yield
    except FileNotFoundError as error:
        raise UserError(f"{error.filename} is not there: `{command}` makes what is missing") from error


def modules_for(core: tuple[str, ...], *sections: Params, without: Collection[str] = ()) -> tuple[str, ...]:
    """A stage's core and the kinds that a method, and for trainings its protocol, names, without some keys."""
    return (*core, *(module for section in sections for module in modules_of(section, without)))
