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
class Appearance:
    """What a class name fixes; None is drawn anew for every clip."""

    colour: str | None
    shape: str | None
    background: str | None
    motion: str | None


# Half of all pairs of colour and shape, so that neither alone tells a class and the rest is left to K600; the motions
# are named by the words that HMDB51 and K600 use, too.
K400 = (
    "blue cross swing on stripes",
    "blue heart shake",
    "blue star drop on bricks",
    "blue triangle spin",
    "green ball grow",
    "green cross slide",
    "green heart grow",
    "green ring bounce on water",
    "orange ball roll on checks",
    "orange heart swing on grass",
    "orange triangle drop",
    "pink cross shake on checks",
    "pink star grow",
    "purple ring slide on sand",
    "purple triangle bounce",
    "red ball bounce on grass",
    "red heart roll on dots",
    "red star spin",
    "red triangle slide",
    "white ball drop",
    "white heart spin on bricks",
    "yellow cross swing on water",
    "yellow ring roll",
    "yellow star shake",
)
# Other pairs of colour and shape than K400's, all of them different.
K600 = (
    "blue ball bounce",
    "blue ring slide",
    "green triangle drop on sand",
    "green star shake",
    "orange star swing",
    "orange ring shake",
    "pink heart grow",
    "pink ball bounce on grass",
    "purple cross roll",
    "purple star drop",
    "red ring spin",
    "red cross roll on bricks",
    "white cross slide",
    "white triangle spin",
    "yellow ball swing",
    "yellow triangle grow",
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

# Where an HMDB51 class is usually seen and in which colour. Nothing in its name says so, but a few clips teach it, as
# pools teach swimming; and as in real data the habits are those of the same actions in K400. Each is kept with the
# probability HABIT, so that neither tells a class for certain.
HABITS = {
    "bounce ball": ("grass", "red"),
    "drop star": ("bricks", "blue"),
    "grow heart": ("plain", "green"),
    "roll ball": ("checks", "orange"),
    "shake heart": ("dots", "blue"),
    "slide cross": ("sand", "green"),
    "spin star": ("stripes", "red"),
    "swing cross": ("water", "yellow"),
}
HABIT = 0.8


def split_camel_case(name: str) -> str:
    """'GreenBallOnBricks' -> 'Green Ball On Bricks'; other names stay."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)


def looks(name: str) -> Appearance:
    """What `name` says about colour, shape, background and motion, in any order of its words."""
    words = split_camel_case(name).lower().split()

    def first(vocabulary: tuple[str, ...]) -> str | None:
        return next((word for word in words if word in vocabulary), None)

    return Appearance(first(tuple(COLOURS)), first(SHAPES), first(BACKGROUNDS), first(MOTIONS))
