"""Which rows are measured, in order of worth."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

from tcclip.bench.cases import Case, Mode
from tcclip.errors import unknown
from tcclip.models.compiled import WAYS, Compiled

FIRST = ("tc_clip", "vifi_clip")  # of whose times the goal is a ratio
SYSTEMS = (*FIRST, "action_clip", "a5", "x_clip", "vita_clip", "open_vclip", "maxi", "ost", "froster", "tc_clip_light")
MODES: tuple[Mode, ...] = ("train", "eval")
AT_ONCE = 32  # views of a training's forward pass at most; more are micro-batches


@dataclass(frozen=True)
class Sizes:
    """The world of the rows."""

    suite: str
    frames: int
    classes: tuple[int, ...]
    batches: tuple[int, ...]  # the goal's first
    repeat: int  # timed steps
    systems: tuple[str, ...] = SYSTEMS


PAPER = Sizes("paper", 16, (400, 51), (32, 8, 64, 16), 5)
TINY = Sizes("mini", 2, (3,), (2,), 1, (*FIRST, "ost"))


def cases_of(what: str, sizes: Sizes) -> list[tuple[Case, Compiled]]:
    """goal: the two of the goal at its batch | compiled: these, compiled in every way | systems: everything else."""
    batch, *_ = sizes.batches
    known: dict[str, list[tuple[Case, Compiled]]] = {
        "goal": [(_case(one, mode, n, batch), "off") for mode, n, one in product(MODES, sizes.classes, FIRST)],
        "compiled": [
            (_case(one, mode, sizes.classes[0], batch), way) for way, mode, one in product(WAYS[1:], MODES, FIRST)
        ],
    }
    everything: list[tuple[Case, Compiled]] = [
        (_case(one, mode, n, views), "off")
        for views, n, mode, one in product(sizes.batches, sizes.classes, MODES, sizes.systems)
    ]
    known["systems"] = [pair for pair in everything if pair not in known["goal"]]
    if what not in known:
        raise unknown("group of rows", what, known)
    return known[what]


def _case(subject: str, mode: Mode, classes: int, batch: int) -> Case:
    return Case(subject, mode, classes, batch, min(batch, AT_ONCE) if mode == "train" else batch)
