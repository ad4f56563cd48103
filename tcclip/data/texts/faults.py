"""What is wrong with the texts of one class or video: where it is, and the command or the edit that repairs it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tcclip.errors import UserError
from tcclip.params.texts import TextKind


@dataclass(frozen=True)
class Fault:
    """One mistake."""

    place: str  # the file, and where in it
    name: str  # the class or video
    said: str
    cure: str

    def __str__(self) -> str:
        return f"{self.place} ('{self.name}'): {self.said}: {self.cure}"


Where = Callable[[str, str], Fault]  # a class and what is wrong with it -> the fault, with its place and its cure


@dataclass(frozen=True)
class Wanted:
    """Of what texts are wanted."""

    dataset: str
    kind: TextKind
    names: tuple[str, ...]  # the classes that a file counts, in their order
    classes: Path  # their list (label, name)
    fetched: bool = False  # the files are a release's, at their pinned versions

    def labelled(self) -> list[tuple[str, str]]:
        """Key and class."""
        return [(str(label), name) for label, name in enumerate(self.names)]

    def where(self, path: Path) -> Where:
        """How a fault of a class in a JSON file is told."""
        return lambda name, said: Fault(f'{path}, key "{self.names.index(name)}"', name, said, self.cure(path))

    def cure(self, path: Path) -> str:
        """How a text comes into a file that lacks it, or has a wrong one."""
        if self.fetched:
            again = f"`tcclip texts check {self.dataset} {self.kind}`"
            return f"remove {path} and call {again}, which fetches it again"
        return (
            f"write it there, or `tcclip texts ask {self.dataset} {self.kind}` writes a prompt for all that are wrong"
        )


def refuse(faults: Sequence[Fault]) -> None:
    """UserError with the first of the faults, if there is one."""
    if faults:
        more = f" (and {len(faults) - 1:,} more mistakes)" if len(faults) > 1 else ""
        raise UserError(f"{faults[0]}{more}")
