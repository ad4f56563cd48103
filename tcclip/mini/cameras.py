"""How the clips of each stand-in are filmed and coded, with the role of the original in mind."""

from __future__ import annotations

from dataclasses import dataclass

from tcclip.mini.encode import AVI, MP4, WEBM, Coding
from tcclip.mini.scenes import Camera

# Stills are clear. All videos but the SSv2 stand-in's are filmed through the same warm haze, with small distracting
# shapes: what fine-tuning has to get the small CLIP used to, and what training on one dataset teaches for the others.
WARM = (190, 140, 70)
KINETICS = Camera(
    sizes=((96, 72), (80, 64), (64, 80), (112, 64), (88, 66)),
    frames=(12, 40),
    rates=(24, 25, 30),
    radius=(0.16, 0.24),
    distractors=(1, 3),
    noise=(4, 12),
    light=0.2,
    wander=2,
    soft=0.3,
    haze=(0.35, 0.6),
    haze_colour=WARM,
)
UCF101 = Camera(
    sizes=((80, 60), (96, 72), (88, 66)),
    frames=(10, 32),
    rates=(25, 30),
    radius=(0.16, 0.24),
    distractors=(1, 2),
    noise=(4, 12),
    light=0.2,
    wander=2,
    soft=0.3,
    haze=(0.4, 0.55),
    haze_colour=WARM,
)
HMDB51 = Camera(
    sizes=((80, 60), (96, 64), (64, 64), (88, 60)),
    frames=(8, 28),
    rates=(25, 30),
    radius=(0.2, 0.28),
    distractors=(1, 2),
    noise=(3, 10),
    light=0.2,
    wander=3,
    soft=0.2,
    haze=(0.4, 0.55),
    haze_colour=WARM,
)
SSV2 = Camera(
    sizes=((96, 72), (80, 64), (64, 84), (112, 64)),
    frames=(10, 32),
    rates=(10, 12, 15),
    radius=(0, 0),  # relations.py sets the sizes of its objects
    distractors=(0, 0),
    noise=(2, 6),
    light=0.05,
    wander=1,
    soft=0,
    haze=(0, 0),
    haze_colour=WARM,
)


@dataclass(frozen=True)
class Role:
    """A dataset's part in the suite: its camera and its files."""

    camera: Camera
    coding: Coding


ROLES = {
    "k400": Role(KINETICS, MP4),
    "k600": Role(KINETICS, MP4),
    "hmdb51": Role(HMDB51, AVI),
    "ucf101": Role(UCF101, AVI),
    "ssv2": Role(SSV2, WEBM),
}
