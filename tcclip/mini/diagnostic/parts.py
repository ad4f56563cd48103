"""The parts of the diagnostic data set: two classes each, as equally likely sequences of what the frames show.

A frame shows one thing, or nothing (""); all else of a video (place, size, turn, ground, noise) is drawn without regard
to its class, and is the same for all of its frames but the noise and the distractors.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

FRAMES = 8  # of a video
NOTHING = ""

Sequence = tuple[str, ...]  # what each frame shows: "yellow ball", or nothing


@dataclass(frozen=True)
class Side:
    """One class of a part."""

    name: str  # which the texts are made of
    sequences: tuple[Sequence, ...]  # equally likely


@dataclass(frozen=True)
class DiagnosticPart:
    """Two classes that are told by one thing."""

    name: str  # of its split
    sides: tuple[Side, Side]
    train_share: float  # of `train_per_class`: what is easily seen is learnt from fewer videos
    distractors: int = 0  # small things that move across


def always(thing: str) -> Sequence:
    """The same thing in every frame."""
    return (thing,) * FRAMES


def once(thing: str) -> tuple[Sequence, ...]:
    """In one of the frames."""
    return tuple(tuple(thing if t == at else NOTHING for t in range(FRAMES)) for at in range(FRAMES))


def mixed(first: str, second: str) -> tuple[Sequence, ...]:
    """Each in half of the frames, in any order."""
    halves = (set(chosen) for chosen in combinations(range(FRAMES), FRAMES // 2))
    return tuple(tuple(first if t in half else second for t in range(FRAMES)) for half in halves)


def one_after_the_other(first: str, second: str) -> tuple[Sequence, ...]:
    """The second follows in the middle of the video."""
    return ((first,) * (FRAMES // 2) + (second,) * (FRAMES // 2),)


def at_the_ends(start: str, between: str, end: str) -> Sequence:
    """Two frames at each end, and something else between them."""
    return (start,) * 2 + (between,) * (FRAMES - 4) + (end,) * 2


def _relation(shape: str) -> tuple[tuple[Sequence, ...], tuple[Sequence, ...]]:
    yellow, blue = f"yellow {shape}", f"blue {shape}"
    return (always(yellow), always(blue)), mixed(yellow, blue)


def _parts() -> tuple[DiagnosticPart, ...]:
    one_colour, two_colours = _relation("ball")
    among_one, among_two = _relation("cross")
    yellow, blue, white = "yellow star", "blue star", "white star"
    order = one_after_the_other("yellow heart", "blue heart")
    return (
        DiagnosticPart(
            "every_frame",  # told by: appearance that every frame shows
            (Side("green ball", (always("green ball"),)), Side("purple triangle", (always("purple triangle"),))),
            train_share=0.1,
        ),
        DiagnosticPart(
            "few_frames",  # told by: appearance that one of eight frames shows
            (Side("orange ring for a moment", once("orange ring")), Side("pink ring for a moment", once("pink ring"))),
            train_share=0.2,
        ),
        DiagnosticPart(
            "relation",  # told by: whether all frames show one colour, or some one colour and some another
            (Side("ball of one colour", one_colour), Side("ball of two colours", two_colours)),
            train_share=0.35,
        ),
        DiagnosticPart(
            "order",  # told by: which of two colours comes first
            (
                Side("heart first yellow then blue", order),
                Side("heart first blue then yellow", tuple(sequence[::-1] for sequence in order)),
            ),
            train_share=1.0,
        ),
        DiagnosticPart(
            "far_apart",  # told by: whether the last frames show the colour of the first ones
            (
                Side("star ends in its first colour", tuple(at_the_ends(c, white, c) for c in (yellow, blue))),
                Side(
                    "star ends in another colour",
                    (at_the_ends(yellow, white, blue), at_the_ends(blue, white, yellow)),
                ),
            ),
            train_share=0.4,
        ),
        DiagnosticPart(
            "distractors",  # told by: as `relation`, among small shapes that move
            (
                Side("cross of one colour among other shapes", among_one),
                Side("cross of two colours among other shapes", among_two),
            ),
            train_share=0.35,
            distractors=3,
        ),
    )


PARTS = _parts()
