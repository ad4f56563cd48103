"""The classes of the mini suite. Outside the SSv2 stand-in, a class name says what is drawn: its words are looked up below."""

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
SHAPES = ("ball", "square", "triangle", "star", "cross", "ring", "diamond", "heart")
BACKGROUNDS = ("plain", "grass", "bricks", "sand", "water", "stripes", "checks", "dots")
MOTIONS = ("bounce", "roll", "spin", "drop", "swing", "shake", "grow", "slide")


@dataclass(frozen=True)
class Looks:
    """What a class name fixes; None is drawn anew for every clip."""

    colour: str | None
    shape: str | None
    background: str | None
    motion: str | None


# Neighbours of this list share a colour or a shape, so that neither alone tells a class.
K400 = (
    "red ball bounce on grass",
    "red star roll",
    "blue star spin on bricks",
    "blue heart drop",
    "green heart swing on sand",
    "green cross slide",
    "yellow cross shake on water",
    "yellow ring grow",
    "purple ring roll on stripes",
    "purple triangle bounce",
    "orange triangle drop on dots",
    "orange ball spin on checks",
)
K600 = (
    "red heart spin on bricks",
    "red cross drop",
    "blue ball roll on sand",
    "blue ring swing",
    "green star bounce on water",
    "green triangle grow",
    "yellow ball slide on grass",
    "yellow heart shake",
    "purple star drop on checks",
    "purple cross roll",
    "orange ring bounce on bricks",
    "orange heart slide",
    "pink star grow on grass",
    "pink square spin",
    "white diamond shake on dots",
    "white triangle swing",
)
# Classes of the three draws, as positions in K600: each leaves out four, every class is in at least two.
K600_DRAWS = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 14),
    (0, 2, 4, 6, 8, 10, 11, 12, 13, 14, 15, 1),
    (3, 5, 7, 9, 10, 11, 13, 15, 0, 4, 8, 12),
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


def split_camel_case(name: str) -> str:
    """'GreenBallOnBricks' -> 'Green Ball On Bricks'; other names stay."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)


def looks(name: str) -> Looks:
    """What `name` says about colour, shape, background and motion, in any order of its words."""
    words = split_camel_case(name).lower().split()

    def first(vocabulary: tuple[str, ...]) -> str | None:
        return next((word for word in words if word in vocabulary), None)

    return Looks(first(tuple(COLOURS)), first(SHAPES), first(BACKGROUNDS), first(MOTIONS))
