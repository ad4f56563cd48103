"""What a run depends on: the params, the code and the data that make its result stale when they change.

`depends_on` of the stages `train` and `evaluate` says it; their rules, the mark of a resume state, MLflow's tags and
`tcclip explain` all ask there.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tcclip.errors import UserError
from tcclip.params.kinds.chosen_kinds import modules_of
from tcclip.params.reader import Params
from tcclip.process.files import short_hash
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

    @property
    def mark(self) -> str:
        """Fingerprint of settings and code, which the run's folder keeps."""
        return mark_of(self.settings, self.code)

    def check(self, mark: str | None, what: str) -> None:
        """Refuse to make `what` by other params or code than whoever began the job has seen, and will remember."""
        if mark is not None and mark != self.mark:
            raise UserError(
                f"{what} would be made by other params or code than those that snakemake has read at its start, "
                "because files of params/ or tcclip/ have changed since: run the same command again"
            )


def mark_of(settings: Mapping[str, Any], code: str) -> str:
    """Fingerprint of settings and code: a result says what it was made by, whoever began its job, and when."""
    return short_hash({"settings": settings, "code": code})


def require(paths: Iterable[Path], command: str) -> None:
    """Refuse to begin where an input is not there, as it may be for whoever types a stage; `command` makes it."""
    absent = [path for path in paths if not path.exists()]
    if absent:
        more = f", and {len(absent) - 1} more" if len(absent) > 1 else ""
        raise UserError(f"{absent[0]} is not there{more}: `{command}` makes what is missing, and then this")


def made_by_snakemake(paths: Iterable[Path], suite: str) -> str:
    """The command that makes what of `paths` is not there, and nothing else."""
    files = dict.fromkeys(str(path) for path in paths if not path.exists())
    return f"snakemake {' '.join(files)} --config suite={suite}"


@contextlib.contextmanager
def told_missing(inputs: Callable[[], Iterable[Path]], suite: str) -> Iterator[None]:
    """`require` for a block that reads its inputs itself."""
    try:
        yield
    except FileNotFoundError as error:
        command = made_by_snakemake([*inputs(), Path(error.filename)], suite)
        raise UserError(f"{error.filename} is not there: `{command}` makes what is missing") from error


def modules_for(core: tuple[str, ...], *sections: Params, without: Collection[str] = ()) -> tuple[str, ...]:
    """A stage's core and the kinds that a method, and for trainings its protocol, names, without some keys."""
    return (*core, *(module for section in sections for module in modules_of(section, without)))
