"""The classes of the mini suite except the SSv2 stand-in's (relations.py). A class name says what is drawn."""

from __future__ import annotations

import re
from dataclasses import dataclass

COLOURS: dict[str, tuple[int, int, int]] = {
    "red": (214, 40, 40),
    "orange": (243, 133, 30),
    "yellow": (245, 216, 48),
    "green": (58, 178, 72),
    "blue": (50, 92, 220),
    "purple": (136, 58, 184),
    "pink": (244, 140, 190),
    "white": (240, 240, 240),
}
SHAPES = ("ball", "triangle", "star", "cross", "ring", "heart")  # no two alike when turned or small
BACKGROUNDS = ("plain", "grass", "bricks", "sand", "water", "stripes", "checks", "dots")
MOTIONS = ("bounce", "roll", "spin", "drop", "swing", "shake", "grow", "slide")


@dataclass(frozen=True)
class Looks:
    """What a class name fixes; None is drawn anew for every clip."""

    colour: str | None
    shape: str | None
    background: str | None
    motion: str | None


# Every colour comes with two shapes and every shape with two colours, so that neither alone tells a class; the motions
# are named by the words that HMDB51 and K600 use, too.
K400 = (
    "blue heart shake",
    "blue star drop on bricks",
    "green cross slide",
    "green heart grow",
    "orange ball roll on checks",
    "orange triangle drop",
    "purple ring slide on sand",
    "purple triangle bounce",
    "red ball bounce on grass",
    "red star spin",
    "yellow cross swing on water",
    "yellow ring roll",
)
# Every appearance comes with two motions: half of what tells these classes apart is seen over frames only.
K600 = (
    "blue ball bounce",
    "blue ball slide",
    "green heart drop on sand",
    "green heart shake on sand",
    "orange ring shake",
    "orange ring swing",
    "pink star bounce on grass",
    "pink star grow on grass",
    "purple triangle drop",
    "purple triangle roll",
    "red star roll on bricks",
    "red star spin on bricks",
    "white heart slide",
    "white heart spin",
    "yellow cross grow",
    "yellow cross swing",
)
# Classes of the three draws, as positions in K600: each leaves out four, every class is in at least two.
K600_DRAWS = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11),
    (0, 1, 2, 3, 6, 8, 10, 11, 12, 13, 14, 15),
    (4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
)
UCF101 = (
    "BlueCross",
    "BlueStar",
    "GreenBallOnBricks",
    "GreenBallOnSand",
    "PurpleHeartOnGrass",
    "PurpleTriangleOnGrass",
    "RedRing",
    "RedStar",
    "YellowHeart",
    "YellowTriangle",
)
HMDB51 = (
    "bounce ball",
    "drop star",
    "grow heart",
    "roll ball",
    "shake heart",
    "slide cross",
    "spin star",
    "swing cross",
)

# Where an HMDB51 class is usually seen and in which colour: nothing in its name says so, but a few clips teach it, as
# pools teach swimming. Each is drawn with the probability HABIT, so that neither tells a class for certain.
HABITS = {
    "bounce ball": ("grass", "red"),
    "drop star": ("checks", "yellow"),
    "grow heart": ("plain", "pink"),
    "roll ball": ("bricks", "blue"),
    "shake heart": ("stripes", "purple"),
    "slide cross": ("sand", "green"),
    "spin star": ("water", "orange"),
    "swing cross": ("dots", "white"),
}
HABIT = 0.6


def split_camel_case(name: str) -> str:
    """'GreenBallOnBricks' -> 'Green Ball On Bricks'; other names stay."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)


def looks(name: str) -> Looks:
    """What `name` says about colour, shape, background and motion, in any order of its words."""
    words = split_camel_case(name).lower().split()

    def first(vocabulary: tuple[str, ...]) -> str | None:
        return next((word for word in words if word in vocabulary), None)

    return Looks(first(tuple(COLOURS)), first(SHAPES), first(BACKGROUNDS), first(MOTIONS))
