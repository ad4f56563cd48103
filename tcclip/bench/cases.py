"""What is measured: rows, and the settings that all rows share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast, get_args

from tcclip.errors import UserError, unknown
from tcclip.models.compiled import Compiled
from tcclip.params import Method, load_suite
from tcclip.params.variants import method_names
from tcclip.plan.values import method_of
from tcclip.process.runtime import Precision, pick_device, pick_precision

Mode = Literal["eval", "train"]
PLAIN, ORACLE = "plain", "oracle"  # not methods: two slower ways to compute tc_clip (plain.py, oracle.py)


@dataclass(frozen=True)
class Case:
    """One row: a step of one subject at one size."""

    subject: str  # a method, PLAIN or ORACLE
    mode: Mode
    classes: int
    batch: int  # views of an evaluation's forward pass, or of a training step
    micro: int  # views of one forward pass of a training step; the rest is accumulation

    @property
    def method(self) -> str:
        """The method that the subject computes."""
        return "tc_clip" if self.subject in (PLAIN, ORACLE) else self.subject


@dataclass(frozen=True)
class Settings:
    """What all rows share."""

    suite: str  # its backbone's sizes, with random weights
    dtype: Precision
    device: str
    frames: int
    threads: int
    repeat: int  # timed steps of each row
    compiled: Compiled = "off"  # how the model's layers are run; plain and oracle as they are

    def method(self, name: str) -> Method:
        """A method as the suite runs it."""
        return method_of(load_suite(self.suite), name)


def settings_of(suite: str, dtype: str, device: str, frames: int, threads: int, repeat: int) -> Settings:
    """Settings from words of a command line; device auto is the GPU if there is one, dtype auto what it is fast in."""
    if dtype not in (known := ("auto", *get_args(Precision))):
        raise unknown("dtype", dtype, known)
    chosen = pick_device(device)
    precision = pick_precision(dtype, chosen)
    return Settings(suite, precision, str(chosen), frames=frames, threads=threads, repeat=repeat)


def modes_of(word: str) -> list[Mode]:
    """eval, train or both."""
    known: dict[str, list[Mode]] = {"eval": ["eval"], "train": ["train"], "both": ["eval", "train"]}
    if word not in known:
        raise unknown("mode", word, known)
    return known[word]


def grid(subjects: list[str], modes: list[Mode], classes: list[int], batches: list[int], micro: int) -> list[Case]:
    """Every combination; a micro-batch larger than a batch is the batch."""
    return [
        Case(subject, mode, count, batch, min(micro, batch))
        for mode in modes
        for count in classes
        for batch in batches
        for subject in subjects
    ]


def parse_row(text: str) -> Case:
    """`tc_clip:train:400:4` or, with micro-batches of 1, `tc_clip:train:400:4:1`."""
    subject, *rest = text.split(":")
    mode, *sizes = rest or [""]
    if mode not in get_args(Mode) or len(sizes) not in (2, 3) or not all(s.isdigit() and int(s) > 0 for s in sizes):
        raise UserError(
            f"--row must be METHOD:eval|train:CLASSES:BATCH[:MICRO], for example tc_clip:train:400:4:1 (got '{text}')"
        )
    classes, batch, *more = map(int, sizes)
    return Case(subject, cast(Mode, mode), classes, batch, more[0] if more else batch)


def check(cases: list[Case]) -> None:
    """Refuse unknown subjects and micro-batches that do not fill a step."""
    for case in cases:
        if case.subject not in (known := [*method_names(), PLAIN, ORACLE]):
            raise UserError(f"unknown method '{case.subject}': known: {', '.join(known)}")
        if case.batch % case.micro:
            raise UserError(
                f"a step of {case.batch} views is not made of micro-batches of {case.micro}: choose a divisor"
            )
